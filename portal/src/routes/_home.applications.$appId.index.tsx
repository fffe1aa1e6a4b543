import { createFileRoute } from "@tanstack/react-router";
import * as z from "zod/mini";
import { OverviewPage } from "@/features/overview/overview-page";
import { LANGUAGES } from "@/features/overview/snippets";

export const Route = createFileRoute("/_home/applications/$appId/")({
  validateSearch: z.object({ language: z.catch(z.optional(z.enum(LANGUAGES)), undefined) }),
  component: Overview,
});

function Overview() {
  const { appId } = Route.useParams();
  const { language = "typescript" } = Route.useSearch();
  const navigate = Route.useNavigate();
  return (
    <OverviewPage
      key={appId}
      appId={appId}
      language={language}
      onLanguage={(language) => void navigate({ search: { language }, replace: true, resetScroll: false })}
    />
  );
}
