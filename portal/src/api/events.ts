import { infiniteQueryOptions, type QueryClient, queryOptions } from "@tanstack/react-query";
import type { components } from "@/lib/api-types.gen";
import { body, client } from "@/lib/client";

export type Event = components["schemas"]["Event"];

/** Milliseconds between two looks for newer events. */
const LIVE_EVERY = 2_000;

/**
 * The events of an application in the order in which they were committed. There is always a next page: what was not there yet.
 *
 * @param after the position to begin behind; 0: from the first
 */
export const eventsQuery = (appId: string, after: number) =>
  infiniteQueryOptions({
    queryKey: ["application", appId, "events", after],
    queryFn: ({ signal, pageParam }) => page(appId, pageParam, signal),
    initialPageParam: after,
    getNextPageParam: (last, _pages, lastAfter) => last.data.at(-1)?.position ?? lastAfter,
    // A page that is there does not change, except that somebody is erased: another visit shows that.
    refetchOnWindowFocus: false,
  });

/** Looks for newer events again and again, while one looks at them, and puts them below those of `eventsQuery`. */
export const eventsTailQuery = (cache: QueryClient, appId: string, after: number) =>
  queryOptions({
    queryKey: ["application", appId, "events-tail", after],
    queryFn: async ({ signal }) => {
      const { queryKey } = eventsQuery(appId, after);
      const known = cache.getQueryData(queryKey);
      if (known === undefined) return null;
      const last = known.pages.flatMap(({ data }) => data).at(-1)?.position ?? after;
      const newer = await page(appId, last, signal);
      // Nothing new makes no page, or an hour would make a thousand; and what changed meanwhile has the same events already.
      if (newer.data.length > 0) {
        cache.setQueryData(queryKey, (now) =>
          now === known ? { pages: [...known.pages, newer], pageParams: [...known.pageParams, last] } : now,
        );
      }
      return null;
    },
    refetchInterval: LIVE_EVERY,
    refetchIntervalInBackground: false,
    staleTime: 0,
    gcTime: 0,
  });

function page(appId: string, after: number, signal: AbortSignal) {
  return body(
    client.GET("/v1/portal/applications/{app_id}/events", {
      params: { path: { app_id: appId }, query: { after, limit: 50 } },
      signal,
    }),
  );
}
