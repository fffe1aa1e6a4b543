/** What a request gets that is not let through: the same in every framework. */
import { ApiError } from "../errors.js";

/** An answer: RFC 9457 in the body, RFC 6750 in the headers. */
export interface Refusal {
  status: 401 | 503;
  headers: Record<string, string>;
  body: { type: string; title: string; status: number; code: string; detail: string };
}

/** The token of an `Authorization: Bearer …` header (RFC 6750, 2.1). */
export function bearerToken(authorization: string | null | undefined): string | undefined {
  return /^Bearer +([\w.~+/-]+=*) *$/i.exec(authorization ?? "")?.[1];
}

/**
 * The answer for what {@link TokenVerifier.verify} threw, or for no token at all (`undefined`): 401 when the token is bad, 503 when
 * that could not be found out.
 */
export function refusal(error: unknown): Refusal {
  if (error === undefined) {
    return answer(401, "invalid_token", "Invalid token", "Send an access token.", { "www-authenticate": "Bearer" });
  }
  if (error instanceof ApiError && error.code === "invalid_token") {
    const headers = { "www-authenticate": 'Bearer error="invalid_token"' };
    return answer(401, "invalid_token", "Invalid token", "The token is malformed or expired, or its session has ended.", headers);
  }
  const headers = { "retry-after": String((error instanceof ApiError && error.retryAfter) || 1) };
  return answer(503, "unavailable", "Service unavailable", "Whose request this is can't be found out right now.", headers);
}

function answer(
  status: 401 | 503,
  code: string,
  title: string,
  detail: string,
  extra: Record<string, string>,
): Refusal {
  const headers = { "content-type": "application/problem+json", "cache-control": "no-store", ...extra };
  return { status, headers, body: { type: "about:blank", title, status, code, detail } };
}
