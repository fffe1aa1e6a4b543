import { createFileRoute } from "@tanstack/react-router";
import { ApiKeysPage } from "@/features/api-keys/api-keys-page";

export const Route = createFileRoute("/_home/applications/$appId/api-keys")({ component: ApiKeys });

function ApiKeys() {
  const { appId } = Route.useParams();
  return <ApiKeysPage key={appId} appId={appId} />;
}
