import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { EventsPage } from "@/features/events/events-page";

export const Route = createFileRoute("/_home/applications/$appId/events")({
  validateSearch: z.object({
    after: z.catch(z.optional(z.int().check(z.minimum(0))), undefined),
    live: z.catch(z.optional(z.boolean()), undefined),
  }),
  component: Events,
});

function Events() {
  const { appId } = Route.useParams();
  const { after = 0, live = false } = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <EventsPage
      key={appId}
      appId={appId}
      after={after}
      onAfter={(next) => void navigate({ search: (before) => ({ ...before, after: next || undefined }) })}
      live={live}
      onLive={(on) => void navigate({ search: (before) => ({ ...before, live: on || undefined }), replace: true })}
    />
  );
}
