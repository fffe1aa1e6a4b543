/** What an access token says. */

/** The claims of a verified access token (RFC 9068). */
export interface AccessClaims {
  /** The user, `usr_…`. */
  sub: string;
  /** The application, `app_…`. */
  app_id: string;
  /** The application again: whom the token is for. */
  aud: string;
  /** DevAuth's public URL. */
  iss: string;
  /** The session, `ses_…`. */
  sid: string;
  /** The token's own id. */
  jti: string;
  /** When it was issued, in seconds since 1970. */
  iat: number;
  /** When it ends, in seconds since 1970. */
  exp: number;
  /** The user's address: with local verification as it was when the token was issued, with introspection as it is now. */
  email: string;
  /** Whether that address is verified. */
  email_verified: boolean;
}

/** What introspection answers (RFC 7662): all about a good token, and nothing about any other. */
export type Introspection = (AccessClaims & { active: true; client_id: string; token_type: string; username: string }) | { active: false };

const TEXTS = ["sub", "app_id", "aud", "iss", "sid", "jti", "email"] as const;

/** The claims, if all are there, of their types, and for this application; no others are passed on. */
export function claimsFor(appId: string, given: Record<string, unknown>): AccessClaims | undefined {
  const { sub, app_id, aud, iss, sid, jti, iat, exp, email, email_verified } = given;
  const typed =
    TEXTS.every((name) => typeof given[name] === "string") &&
    Number.isInteger(iat) &&
    Number.isInteger(exp) &&
    typeof email_verified === "boolean";
  const ours = aud === appId && app_id === appId && (given["client_id"] ?? appId) === appId;
  if (!typed || !ours) return undefined;
  return { sub, app_id, aud, iss, sid, jti, iat, exp, email, email_verified } as AccessClaims;
}
