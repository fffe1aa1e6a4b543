import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { type Application, applicationsQuery, deleteApplication, rotateSecret, statisticsQuery } from "@/api/applications";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { SecretDialog } from "@/components/secret-dialog";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { toast } from "@/components/ui/toast";
import { plural } from "@/lib/number";

/** What can't be undone. */
export function DangerZone({ application }: { application: Application }) {
  return (
    <Card className="divide-y divide-line">
      <RotateSecret application={application} />
      <DeleteApplication application={application} />
    </Card>
  );
}

function RotateSecret({ application }: { application: Application }) {
  const [asking, setAsking] = useState(false);
  const [secret, setSecret] = useState<string>();
  return (
    <Row
      title="App secret"
      text="Authenticates introspection with HTTP Basic. If it may have leaked, replace it."
      action={<Button onClick={() => setAsking(true)}>Rotate secret</Button>}
    >
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title="Rotate the app secret?"
        description="The present secret stops working at once: what introspects with it is refused until it has the new one. API keys stay as they are."
        action="Rotate secret"
        onConfirm={async () => setSecret((await rotateSecret(application.app_id)).app_secret)}
      />
      <SecretDialog
        title="The new app secret"
        secret={secret}
        what="app secret"
        where="The one before does not work any more."
        onDone={() => setSecret(undefined)}
      />
    </Row>
  );
}

function DeleteApplication({ application }: { application: Application }) {
  const [asking, setAsking] = useState(false);
  const statistics = useQuery(statisticsQuery(application.app_id));
  const cache = useQueryClient();
  const navigate = useNavigate();
  const users = statistics.data === undefined ? "all its users" : `its ${plural(statistics.data.users, "user")}`;

  async function remove() {
    await deleteApplication(application.app_id);
    await navigate({ to: "/" });
    cache.removeQueries({ queryKey: ["application", application.app_id] });
    await cache.invalidateQueries({ queryKey: applicationsQuery.queryKey });
    toast(`${application.name} is deleted`);
  }

  return (
    <Row
      title="Delete this application"
      text="Its keys stop working and its users can't log in any more."
      action={
        <Button look="danger-quiet" onClick={() => setAsking(true)}>
          Delete application
        </Button>
      }
    >
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Delete ${application.name}?`}
        description={`You lose ${users}, its API keys and its settings. Nobody can log in to it from this moment. There is no way back.`}
        typed={application.name}
        action="Delete application"
        onConfirm={remove}
      />
    </Row>
  );
}

function Row({ title, text, action, children }: { title: string; text: string; action: ReactNode; children: ReactNode }) {
  return (
    <div className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 p-5 sm:px-6">
      <div className="min-w-0 basis-64 grow">
        <h3 className="font-medium">{title}</h3>
        <p className="text-soft">{text}</p>
      </div>
      {action}
      {children}
    </div>
  );
}
