import { useQuery } from "@tanstack/react-query";
import { KeyRound, Plus } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { type ApiKey, apiKeysQuery } from "@/api/api-keys";
import { Page } from "@/components/page";
import { EmptyState, ErrorState } from "@/components/states";
import { Button } from "@/components/ui/button";
import { Checkbox } from "@/components/ui/checkbox";
import { Loading, Skeleton } from "@/components/ui/skeleton";
import { plural } from "@/lib/number";
import { KeyList } from "./key-list";
import { RevokeKey } from "./revoke-key";

const NewKey = lazy(() => import("./new-key"));

interface ApiKeysProps {
  appId: string;
  /** Whether the dialog for a new key is open. */
  creating: boolean;
  onCreating: (creating: boolean) => void;
  showRevoked: boolean;
  onShowRevoked: (shown: boolean) => void;
}

/** The keys of an application: which there are, a new one, the end of one. */
export function ApiKeysPage({ appId, creating, onCreating, showRevoked, onShowRevoked }: ApiKeysProps) {
  const keys = useQuery(apiKeysQuery(appId));
  const [toRevoke, setToRevoke] = useState<ApiKey>();
  const create = (
    <Button look="primary" onClick={() => onCreating(true)}>
      <Plus aria-hidden /> Create API key
    </Button>
  );
  const revoked = keys.data?.filter(({ revoked_at }) => revoked_at !== null).length ?? 0;
  const shown = keys.data?.filter(({ revoked_at }) => showRevoked || revoked_at === null).toReversed();
  return (
    <Page
      title="API keys"
      description="Secret keys are for servers, publishable keys for browsers and apps."
      action={shown?.length === 0 ? undefined : create}
    >
      {keys.isPending && <KeysLoading />}
      {keys.isError && keys.data === undefined && <ErrorState error={keys.error} onRetry={() => void keys.refetch()} />}
      {shown?.length === 0 && (
        <EmptyState icon={KeyRound} title={revoked === 0 ? "No keys yet" : "No key works any more"} action={create}>
          Your application needs a key for every call to DevAuth.
        </EmptyState>
      )}
      {shown !== undefined && shown.length > 0 && <KeyList keys={shown} onRevoke={setToRevoke} />}
      {revoked > 0 && (
        <div className="mt-4">
          <Checkbox
            label={`Show ${plural(revoked, "revoked key")}`}
            checked={showRevoked}
            onChange={(event) => onShowRevoked(event.target.checked)}
          />
        </div>
      )}
      {creating && (
        <Suspense>
          <NewKey appId={appId} onClose={() => onCreating(false)} />
        </Suspense>
      )}
      <RevokeKey appId={appId} apiKey={toRevoke} onClose={() => setToRevoke(undefined)} />
    </Page>
  );
}

function KeysLoading() {
  return (
    <Loading what="API keys">
      <Skeleton className="h-56" />
    </Loading>
  );
}
