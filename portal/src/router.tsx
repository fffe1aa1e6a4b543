import type { QueryClient } from "@tanstack/react-query";
import { createRouter } from "@tanstack/react-router";
import { NotFoundPage, FailedPage, PendingPage } from "./components/whole-page";
import { createQueryClient } from "./lib/query-client";
import { routeTree } from "./routeTree.gen";

/** What route files are given. */
export interface RouterContext {
  queryClient: QueryClient;
}

/** The cache, which leads to the login when the session is lost, and back to this place after it. */
export const queryClient = createQueryClient(() => {
  const here = router.state.location;
  if (here.pathname === "/login") return;
  queryClient.clear();
  void router.navigate({ to: "/login", search: { next: here.href } });
});

/** The pages, by URL. */
export const router = createRouter({
  routeTree,
  context: { queryClient } satisfies RouterContext,
  defaultPreload: "intent",
  // The query cache decides what is fresh.
  defaultPreloadStaleTime: 0,
  defaultNotFoundComponent: NotFoundPage,
  defaultErrorComponent: FailedPage,
  defaultPendingComponent: PendingPage,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
