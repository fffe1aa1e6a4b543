import type { AccessClaims } from "./claims.js";
import { bearerToken, refusal } from "./refusal.js";
import type { TokenVerifier } from "./verifier.js";

/** As much of Express's request as is needed. */
export interface ExpressRequest {
  headers: { authorization?: string | undefined };
  /** Who sent the request. */
  auth?: AccessClaims;
}

/** As much of Express's response as is needed. */
export interface ExpressResponse {
  status(code: number): this;
  set(headers: Record<string, string>): this;
  json(body: unknown): unknown;
}

/** Goes on to the next handler. */
export type ExpressNext = () => void;

/**
 * Middleware for Express 4 and 5: lets requests with a good access token through, with its claims in `req.auth`.
 *
 * @param options.optional Lets requests without a token through too, without `req.auth`. A bad token is refused all the same.
 */
export function expressAuth(
  verifier: TokenVerifier,
  options: { optional?: boolean } = {},
): (request: ExpressRequest, response: ExpressResponse, next: ExpressNext) => Promise<void> {
  return async (request, response, next) => {
    delete request.auth;
    const { authorization } = request.headers;
    if (authorization === undefined && options.optional) return next();
    try {
      const token = bearerToken(authorization);
      if (token !== undefined) request.auth = await verifier.verify(token);
    } catch (error) {
      return send(response, error);
    }
    if (request.auth === undefined) return send(response, undefined);
    next();
  };
}

function send(response: ExpressResponse, error: unknown): void {
  const { status, headers, body } = refusal(error);
  response.status(status).set(headers).json(body);
}

declare global {
  namespace Express {
    interface Request {
      /** Who sent the request: set by `expressAuth`. */
      auth?: AccessClaims;
    }
  }
}
