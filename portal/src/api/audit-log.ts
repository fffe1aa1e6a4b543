import { infiniteQueryOptions, queryOptions, type InfiniteData, type QueryClient } from "@tanstack/react-query";
import type { components } from "@/lib/api-types.gen";
import { body, client } from "@/lib/client";

export type AuditEntry = components["schemas"]["AuditEntry"];
type Page = components["schemas"]["Page_AuditEntry"];

/** What to show of the audit log; what is left out narrows nothing. */
export interface AuditFilters {
  action?: string | undefined;
  /** `usr_…` */
  user_id?: string | undefined;
  /** RFC 3339; from then on. */
  from?: string | undefined;
  /** RFC 3339; before then. */
  to?: string | undefined;
}

/** What can be asked for; the log may hold newer actions. */
export const ACTIONS = [
  "signup",
  "login",
  "login_failed",
  "locked",
  "logout",
  "refresh_reused",
  "email_verified",
  "password_reset_request",
  "password_reset_confirm",
  "password_changed",
  "metadata_changed",
  "user_suspended",
  "user_restored",
  "user_erased",
  "session_revoked",
  "application_created",
  "application_updated",
  "app_secret_rotated",
  "api_key_created",
  "api_key_revoked",
] as const;

/** Milliseconds between two looks of the live tail. */
const LIVE_EVERY = 2_000;

/** The audit log of an application, newest first, page by page. */
export const auditLogQuery = (appId: string, filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ["application", appId, "audit-log", filters],
    queryFn: ({ signal, pageParam }) => page(appId, filters, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchOnWindowFocus: false,
  });

/** Looks at the newest page again and again, while one looks at it, and puts what is new on top of `auditLogQuery`. */
export const auditTailQuery = (cache: QueryClient, appId: string, filters: AuditFilters) =>
  queryOptions({
    queryKey: ["application", appId, "audit-tail", filters],
    queryFn: async ({ signal }) => {
      const newest = await page(appId, filters, undefined, signal);
      const { queryKey } = auditLogQuery(appId, filters);
      const known = cache.getQueryData(queryKey);
      if (known === undefined) return null;
      const next = withNewest(known, newest);
      if (next === undefined) await cache.resetQueries({ queryKey });
      else cache.setQueryData(queryKey, next);
      return null;
    },
    refetchInterval: LIVE_EVERY,
    refetchIntervalInBackground: false,
    staleTime: 0,
    gcTime: 0,
  });

/** The log with the new entries of its newest page on top; nothing if so much happened that some are missing between. */
export function withNewest(
  known: InfiniteData<Page, unknown>,
  newest: Page,
): InfiniteData<Page, unknown> | undefined {
  const ids = new Set(known.pages.flatMap(({ data }) => data.map(({ id }) => id)));
  const added = newest.data.filter(({ id }) => !ids.has(id));
  const [first, ...others] = known.pages;
  if (added.length === 0 || first === undefined) return known;
  if (added.length === newest.data.length && newest.next_cursor !== null) return undefined;
  return { ...known, pages: [{ ...first, data: [...added, ...first.data] }, ...others] };
}

function page(appId: string, filters: AuditFilters, cursor: string | undefined, signal: AbortSignal) {
  const given = Object.entries({ ...filters, cursor }).filter(([, value]) => value !== undefined);
  return body(
    client.GET("/v1/portal/applications/{app_id}/audit-logs", {
      params: { path: { app_id: appId }, query: { limit: 50, ...Object.fromEntries(given) } },
      signal,
    }),
  );
}
