import { type QueryClient, queryOptions } from "@tanstack/react-query";
import type { components } from "@/lib/api-types.gen";
import { body, client } from "@/lib/client";

/** The developer who uses the portal. */
export type Developer = components["schemas"]["Developer"];

/** Who is logged in; fails with `invalid_token` if nobody is. */
export const developerQuery = queryOptions({
  queryKey: ["developer"],
  queryFn: async ({ signal }) => (await body(client.GET("/v1/portal/developers/me", { signal }))).developer,
  staleTime: 60_000,
});

/**
 * Who is logged in, from the cache if it is known. Asks past the cache otherwise, so that a missing session is the caller's to
 * deal with.
 */
export async function currentDeveloper(cache: QueryClient): Promise<Developer> {
  const known = cache.getQueryData(developerQuery.queryKey);
  if (known !== undefined) return known;
  const { developer } = await body(client.GET("/v1/portal/developers/me"));
  cache.setQueryData(developerQuery.queryKey, developer);
  return developer;
}

/** Starts a session in a cookie that no script can read. */
export function logIn(credentials: { email: string; password: string }) {
  return body(client.POST("/v1/portal/developers/login", { body: { ...credentials, cookie: true } }));
}

/** Ends the session on the server, and with it the cookie. */
export function logOut() {
  return body(client.POST("/v1/portal/developers/logout"));
}

export function signUp(developer: components["schemas"]["DeveloperSignup"]) {
  return body(client.POST("/v1/portal/developers/signup", { body: developer }));
}

/** Mails a new verification link; the answer is the same for every address. */
export function requestVerification(email: string) {
  return body(client.POST("/v1/portal/developers/email/verify/request", { body: { email } }));
}

export function confirmVerification(token: string) {
  return body(client.POST("/v1/portal/developers/email/verify/confirm", { body: { token } }));
}

/** Mails a link to choose a new password; the answer is the same for every address. */
export function requestReset(email: string) {
  return body(client.POST("/v1/portal/developers/password/reset/request", { body: { email } }));
}

export function confirmReset(reset: { token: string; password: string }) {
  return body(client.POST("/v1/portal/developers/password/reset/confirm", { body: reset }));
}

/** Ends every session of the developer, this one too. */
export function changePassword(change: components["schemas"]["PasswordChange"]) {
  return body(client.POST("/v1/portal/developers/password/change", { body: change }));
}

/**
 * Changes what the developer is called.
 *
 * @param name null: by their address
 */
export async function changeName(name: string | null): Promise<Developer> {
  return (await body(client.PATCH("/v1/portal/developers/me", { body: { name } }))).developer;
}

/** Where somebody is logged in. */
export type Session = components["schemas"]["Session"];

/** Where the developer is logged in, newest first. */
export const developerSessionsQuery = queryOptions({
  queryKey: ["developer", "sessions"],
  queryFn: async ({ signal }) => (await body(client.GET("/v1/portal/developers/sessions", { signal }))).data,
});

/** Ends one of the developer's sessions. */
export function endSession(id: string) {
  return body(client.DELETE("/v1/portal/developers/sessions/{id}", { params: { path: { id } } }));
}
