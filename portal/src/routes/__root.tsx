import { createRootRouteWithContext, Outlet } from "@tanstack/react-router";
import { PageAnnouncer } from "@/components/page-announcer";
import type { RouterContext } from "@/router";

export const Route = createRootRouteWithContext<RouterContext>()({ component: Root });

function Root() {
  return (
    <>
      <Outlet />
      <PageAnnouncer />
    </>
  );
}
