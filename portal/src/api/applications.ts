import { queryOptions } from "@tanstack/react-query";
import type { components } from "@/lib/api-types.gen";
import { body, client } from "@/lib/client";
import { allPages } from "./pages";

export type Application = components["schemas"]["Application"];
export type Settings = components["schemas"]["Settings"];
export type SettingsChange = components["schemas"]["SettingsChange"];
export type Statistics = components["schemas"]["Statistics"];

/** What an application is for. Given at its creation, never changed. */
export const ENVIRONMENTS = ["development", "staging", "production"] as const;

/** All applications of the developer, oldest first. */
export const applicationsQuery = queryOptions({
  queryKey: ["applications"],
  queryFn: ({ signal }) => allPages((query) => body(client.GET("/v1/portal/applications", { params: { query }, signal }))),
});

/** One application. Everything that belongs to it has a key that begins with this one's. */
export const applicationQuery = (appId: string) =>
  queryOptions({
    queryKey: ["application", appId],
    queryFn: ({ signal }) =>
      body(client.GET("/v1/portal/applications/{app_id}", { params: { path: { app_id: appId } }, signal })),
  });

/** How an application did over the last 30 days, today included. */
export const statisticsQuery = (appId: string) =>
  queryOptions({
    queryKey: ["application", appId, "statistics"],
    queryFn: ({ signal }) =>
      body(
        client.GET("/v1/portal/applications/{app_id}/statistics", {
          params: { path: { app_id: appId }, query: { days: 30 } },
          signal,
        }),
      ),
    staleTime: 5_000,
  });

/**
 * The answer holds the application's secret, this once.
 *
 * @param attempt names this attempt: a repetition over a broken connection makes no second application
 */
export function createApplication(application: components["schemas"]["NewApplication"], attempt: string) {
  return body(
    client.POST("/v1/portal/applications", {
      body: application,
      headers: { "idempotency-key": attempt },
    }),
  );
}

export function updateApplication(appId: string, change: components["schemas"]["ApplicationChange"]) {
  return body(
    client.PATCH("/v1/portal/applications/{app_id}", { params: { path: { app_id: appId } }, body: change }),
  );
}

export function deleteApplication(appId: string) {
  return body(client.DELETE("/v1/portal/applications/{app_id}", { params: { path: { app_id: appId } } }));
}

/** The secret before stops working. The answer holds the new one, this once. */
export function rotateSecret(appId: string) {
  return body(client.POST("/v1/portal/applications/{app_id}/secret/rotate", { params: { path: { app_id: appId } } }));
}
