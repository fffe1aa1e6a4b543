import { createFileRoute, Outlet } from "@tanstack/react-router";
import { applicationQuery } from "@/api/applications";
import { ApplicationFrame } from "@/components/application-frame";

/** Every page of an application: one that isn't there, or isn't this developer's, is said here, once for all. */
export const Route = createFileRoute("/_home/applications/$appId")({
  loader: ({ context, params }) => void context.queryClient.prefetchQuery(applicationQuery(params.appId)),
  component: Application,
});

function Application() {
  return (
    <ApplicationFrame appId={Route.useParams().appId}>
      <Outlet />
    </ApplicationFrame>
  );
}
