import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { DashboardPage } from "@/features/applications/dashboard-page";

export const Route = createFileRoute("/_home/")({
  validateSearch: z.object({
    // A search for digits comes out of the URL as a number.
    search: z.catch(z.optional(z.coerce.string()), undefined),
    new: z.catch(z.optional(z.boolean()), undefined),
  }),
  component: Dashboard,
});

function Dashboard() {
  const search = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <DashboardPage
      search={search.search ?? ""}
      onSearch={(text) => void navigate({ search: { ...search, search: text || undefined }, replace: true })}
      creating={search.new ?? false}
      onCreating={(creating) => void navigate({ search: { ...search, new: creating || undefined } })}
    />
  );
}
