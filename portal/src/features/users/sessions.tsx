import { useMutation, useQueryClient } from "@tanstack/react-query";
import { MonitorSmartphone } from "lucide-react";
import { useState } from "react";
import { endSession, type Session, userQuery, type UserWithSessions } from "@/api/users";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { Time } from "@/components/time";
import { Button } from "@/components/ui/button";
import { Card, Section } from "@/components/ui/card";

/** Where a user is logged in; each session can be ended. */
export function Sessions({ appId, user }: { appId: string; user: UserWithSessions }) {
  const cache = useQueryClient();
  const [toEnd, setToEnd] = useState<Session>();
  const end = useMutation({
    mutationFn: (session: Session) => endSession(appId, user.id, session.id),
    onSuccess: () => cache.invalidateQueries({ queryKey: userQuery(appId, user.id).queryKey }),
  });
  return (
    <Section title="Sessions" description={user.sessions.length === 0 ? "Logged in nowhere." : "Where they are logged in."}>
      {user.sessions.length > 0 && (
        <Card>
          <ul aria-label="Sessions" className="divide-y divide-line">
            {user.sessions.map((session) => (
              <li key={session.id} className="flex items-center gap-3.5 px-4 py-3">
                <MonitorSmartphone aria-hidden className="size-5 shrink-0 text-soft" strokeWidth={1.75} />
                <SessionText session={session} />
                <Button
                  look="danger-quiet"
                  size="small"
                  aria-label={`End the session on ${deviceOf(session)}`}
                  onClick={() => setToEnd(session)}
                >
                  End
                </Button>
              </li>
            ))}
          </ul>
        </Card>
      )}
      <ConfirmDialog
        open={toEnd !== undefined}
        onOpenChange={() => setToEnd(undefined)}
        title="End this session?"
        description={
          <>
            <bdi className="font-medium text-ink">{toEnd && deviceOf(toEnd)}</bdi>
            {toEnd?.client_address ? ` at ${toEnd.client_address}` : ""} is logged out at once. Other sessions go on.
          </>
        }
        action="End session"
        onConfirm={async () => {
          if (toEnd !== undefined) await end.mutateAsync(toEnd);
        }}
      />
    </Section>
  );
}

function SessionText({ session }: { session: Session }) {
  return (
    <div className="min-w-0 grow">
      <p className="font-medium text-ink">
        <bdi className="line-clamp-2 break-words" title={session.user_agent ?? undefined}>
          {deviceOf(session)}
        </bdi>
      </p>
      <p className="flex flex-wrap gap-x-2.5 text-[0.8125rem] text-soft">
        <span className="font-mono text-xs leading-5.5 break-all">{session.client_address ?? "address unknown"}</span>
        <span>
          used <Time at={session.last_used_at} />
        </span>
        <span>
          began <Time at={session.created_at} />
        </span>
        <span>
          ends <Time at={session.expires_at} />
        </span>
      </p>
    </div>
  );
}

function deviceOf({ device, user_agent }: Session): string {
  return device ?? user_agent ?? "Unknown device";
}
