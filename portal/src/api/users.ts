import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { components } from "@/lib/api-types.gen";
import { body, client } from "@/lib/client";

export type User = components["schemas"]["User"];
export type UserWithSessions = components["schemas"]["UserWithSessions"];
export type Session = components["schemas"]["Session"];
export type PastUser = components["schemas"]["PastUser"];

/** Users on a page of the list. */
export const USERS_PER_PAGE = 25;

/**
 * A page of an application's users, newest first, and how many there are. The page before stays until this one is there.
 *
 * @param search a part of the address; empty: all
 * @param page from 1
 */
export const usersQuery = (appId: string, search: string, page: number) =>
  queryOptions({
    queryKey: ["application", appId, "users", { search, page }],
    queryFn: ({ signal }) =>
      body(
        client.GET("/v1/portal/applications/{app_id}/users", {
          params: { path: { app_id: appId }, query: { page, limit: USERS_PER_PAGE, ...(search !== "" && { search }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** A user with their living sessions. */
export const userQuery = (appId: string, userId: string) =>
  queryOptions({
    queryKey: ["application", appId, "user", userId],
    queryFn: ({ signal }) =>
      body(client.GET("/v1/portal/applications/{app_id}/users/{id}", { params: path(appId, userId), signal })),
  });

/**
 * What happened to a user by a moment, and who they were then. Events of an erased person are still there.
 *
 * @param at RFC 3339; left out: now
 */
export const historyQuery = (appId: string, userId: string, at?: string) =>
  queryOptions({
    queryKey: ["application", appId, "user", userId, "history", at ?? null],
    queryFn: ({ signal }) =>
      body(
        client.GET("/v1/portal/applications/{app_id}/users/{id}/history", {
          params: { ...path(appId, userId), query: at === undefined ? {} : { at } },
          signal,
        }),
      ),
  });

/** Ends every session, and lets nobody in until `restoreUser`. */
export function suspendUser(appId: string, userId: string) {
  return body(client.POST("/v1/portal/applications/{app_id}/users/{id}/suspend", { params: path(appId, userId) }));
}

export function restoreUser(appId: string, userId: string) {
  return body(client.POST("/v1/portal/applications/{app_id}/users/{id}/restore", { params: path(appId, userId) }));
}

/** Ends every session of the user. */
export function logOutUser(appId: string, userId: string) {
  return body(client.POST("/v1/portal/applications/{app_id}/users/{id}/logout", { params: path(appId, userId) }));
}

/** Erases the person for good. */
export function eraseUser(appId: string, userId: string) {
  return body(client.DELETE("/v1/portal/applications/{app_id}/users/{id}", { params: path(appId, userId) }));
}

export function endSession(appId: string, userId: string, sessionId: string) {
  return body(
    client.DELETE("/v1/portal/applications/{app_id}/users/{id}/sessions/{session_id}", {
      params: { path: { app_id: appId, id: userId, session_id: sessionId } },
    }),
  );
}

function path(appId: string, userId: string) {
  return { path: { app_id: appId, id: userId } };
}
