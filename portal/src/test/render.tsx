import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createMemoryHistory, createRootRoute, createRouter, RouterProvider } from "@tanstack/react-router";
import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";

/** Renders something that has links or asks the API, outside any page: at `path`, with a cache of its own. */
export async function renderAt(content: ReactNode, path = "/"): Promise<void> {
  const router = createRouter({
    routeTree: createRootRoute({ component: () => content }),
    history: createMemoryHistory({ initialEntries: [path] }),
    defaultNotFoundComponent: () => content,
  });
  const cache = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  await act(async () => {
    await router.load();
    render(
      <QueryClientProvider client={cache}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>,
    );
  });
}

/** Answers requests in the server's place: `"POST /v1/…": [status, body]`. What isn't named answers 404. */
export function answers(routes: Record<string, [number, unknown]>): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    const [status, body] = routes[`${request.method} ${pathname}`] ?? [404, { code: "not_found", detail: "", status: 404 }];
    return new Response(status === 204 ? null : JSON.stringify(body), { status, headers: { "content-type": "application/json" } });
  };
}
