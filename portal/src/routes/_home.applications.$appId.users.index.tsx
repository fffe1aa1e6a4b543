import { createFileRoute } from "@tanstack/react-router";
import { useCallback } from "react";
import * as z from "zod/mini";
import { UsersPage } from "@/features/users/users-page";

export const Route = createFileRoute("/_home/applications/$appId/users/")({
  validateSearch: z.object({
    // A search for digits comes out of the URL as a number.
    search: z.catch(z.optional(z.coerce.string()), undefined),
    page: z.catch(z.optional(z.int().check(z.minimum(1))), undefined),
  }),
  component: Users,
});

function Users() {
  const { appId } = Route.useParams();
  const { search = "", page = 1 } = Route.useSearch();
  const navigate = Route.useNavigate();
  const onSearch = useCallback(
    (text: string) => void navigate({ search: { search: text || undefined }, replace: true }),
    [navigate],
  );
  return (
    <UsersPage
      key={appId}
      appId={appId}
      search={search}
      onSearch={onSearch}
      page={page}
      onPage={(next) => void navigate({ search: (before) => ({ ...before, page: next === 1 ? undefined : next }) })}
    />
  );
}
