import { createFileRoute } from "@tanstack/react-router";
import { OverviewPage } from "@/features/overview/overview-page";

export const Route = createFileRoute("/_home/applications/$appId/")({ component: Overview });

function Overview() {
  const { appId } = Route.useParams();
  return <OverviewPage key={appId} appId={appId} />;
}
