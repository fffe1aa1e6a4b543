import * as z from "zod/mini";

/**
 * Where to go after a login: a path of the portal, and nothing that leads elsewhere. Browsers read `//host` and `/\host` as
 * another host; pages for people who are logged out are no place to come back to.
 */
export function safeNext(next: string | undefined): string {
  if (next === undefined || !/^\/(?![/\\])/.test(next)) return "/";
  const url = new URL(next, window.location.origin);
  if (url.origin !== window.location.origin) return "/";
  return OUTSIDE.includes(url.pathname) ? "/" : url.pathname + url.search + url.hash;
}

const OUTSIDE = ["/login", "/signup", "/forgot-password"];

/** Search parameters of the pages before the login. */
export const nextSearch = z.object({ next: z.catch(z.optional(z.string()), undefined) });
