import { createFileRoute } from "@tanstack/react-router";
import { z } from "zod";
import { DashboardPage } from "@/features/applications/dashboard-page";

export const Route = createFileRoute("/_home/")({
  validateSearch: z.object({ search: z.string().optional().catch(undefined), new: z.boolean().optional().catch(undefined) }),
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
