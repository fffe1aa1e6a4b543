import { infiniteQueryOptions } from "@tanstack/react-query";
import type { components } from "@/lib/api-types.gen";
import { body, client } from "@/lib/client";

export type Event = components["schemas"]["Event"];

/**
 * The events of an application in the order in which they were committed. There is always a next page: what was not there yet.
 *
 * @param after the position to begin behind; 0: from the first
 */
export const eventsQuery = (appId: string, after: number) =>
  infiniteQueryOptions({
    queryKey: ["application", appId, "events", after],
    queryFn: ({ signal, pageParam }) =>
      body(
        client.GET("/v1/portal/applications/{app_id}/events", {
          params: { path: { app_id: appId }, query: { after: pageParam, limit: 50 } },
          signal,
        }),
      ),
    initialPageParam: after,
    getNextPageParam: (last, _pages, lastAfter) => last.data.at(-1)?.position ?? lastAfter,
    // A page that is there does not change, except that somebody is erased: another visit shows that.
    refetchOnWindowFocus: false,
  });
