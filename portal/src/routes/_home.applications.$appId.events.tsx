import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { EventsPage } from "@/features/events/events-page";

export const Route = createFileRoute("/_home/applications/$appId/events")({
  validateSearch: z.object({ after: z.catch(z.optional(z.int().check(z.minimum(0))), undefined) }),
  component: Events,
});

function Events() {
  const { appId } = Route.useParams();
  const { after = 0 } = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <EventsPage
      key={appId}
      appId={appId}
      after={after}
      onAfter={(next) => void navigate({ search: { after: next || undefined } })}
    />
  );
}
