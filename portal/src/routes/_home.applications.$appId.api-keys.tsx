import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { ApiKeysPage } from "@/features/api-keys/api-keys-page";

export const Route = createFileRoute("/_home/applications/$appId/api-keys")({
  validateSearch: z.object({
    new: z.catch(z.optional(z.boolean()), undefined),
    revoked: z.catch(z.optional(z.boolean()), undefined),
  }),
  component: ApiKeys,
});

function ApiKeys() {
  const { appId } = Route.useParams();
  const search = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <ApiKeysPage
      key={appId}
      appId={appId}
      creating={search.new ?? false}
      onCreating={(creating) => void navigate({ search: { ...search, new: creating || undefined } })}
      showRevoked={search.revoked ?? false}
      onShowRevoked={(revoked) => void navigate({ search: { ...search, revoked: revoked || undefined }, replace: true })}
    />
  );
}
