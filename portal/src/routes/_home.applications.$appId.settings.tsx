import { createFileRoute } from "@tanstack/react-router";
import { SettingsPage } from "@/features/settings/settings-page";

export const Route = createFileRoute("/_home/applications/$appId/settings")({ component: Settings });

function Settings() {
  const { appId } = Route.useParams();
  return <SettingsPage key={appId} appId={appId} />;
}
