import { queryOptions } from "@tanstack/react-query";
import type { components } from "@/lib/api-types.gen";
import { body, client } from "@/lib/client";
import { allPages } from "./pages";

export type ApiKey = components["schemas"]["ApiKey"];
export type NewApiKey = components["schemas"]["NewApiKey"];

/** All keys of an application, oldest first, revoked ones included. */
export const apiKeysQuery = (appId: string) =>
  queryOptions({
    queryKey: ["application", appId, "api-keys"],
    queryFn: ({ signal }) =>
      allPages((query) =>
        body(
          client.GET("/v1/portal/applications/{app_id}/api-keys", {
            params: { path: { app_id: appId }, query },
            signal,
          }),
        ),
      ),
  });

/**
 * The answer holds the key, this once.
 *
 * @param attempt names this attempt: a repetition over a broken connection makes no second key
 */
export function issueApiKey(appId: string, key: NewApiKey, attempt: string) {
  return body(
    client.POST("/v1/portal/applications/{app_id}/api-keys", {
      params: { path: { app_id: appId } },
      body: key,
      headers: { "idempotency-key": attempt },
    }),
  );
}

/** The key stops working on every node within a second. */
export function revokeApiKey(appId: string, keyId: string) {
  return body(
    client.DELETE("/v1/portal/applications/{app_id}/api-keys/{key_id}", {
      params: { path: { app_id: appId, key_id: keyId } },
    }),
  );
}
