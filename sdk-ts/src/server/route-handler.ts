import type { AccessClaims } from "./claims.js";
import { bearerToken, refusal } from "./refusal.js";
import type { TokenVerifier } from "./verifier.js";

/** A request whose sender is known. */
export type AuthenticatedRequest<R extends Request = Request> = R & { auth: AccessClaims };

/**
 * A route handler of Next.js, or of anything else that answers a `Request` with a `Response`: called for requests with a good access token
 * only, with its claims in `request.auth`. What else the framework hands over (`params`) is passed on.
 */
export function withAuth<R extends Request, Rest extends unknown[]>(
  verifier: TokenVerifier,
  handler: (request: AuthenticatedRequest<R>, ...rest: Rest) => Response | Promise<Response>,
): (request: R, ...rest: Rest) => Promise<Response> {
  return async (request, ...rest) => {
    let auth: AccessClaims | undefined;
    let problem: unknown;
    try {
      const token = bearerToken(request.headers.get("authorization"));
      if (token !== undefined) auth = await verifier.verify(token);
    } catch (error) {
      problem = error;
    }
    if (auth === undefined) {
      const { status, headers, body } = refusal(problem);
      return new Response(JSON.stringify(body), { status, headers });
    }
    // Not `Object.assign` on a copy: a NextRequest has private members that a copy would lose.
    Object.defineProperty(request, "auth", { value: auth, configurable: true, enumerable: true });
    return handler(request as AuthenticatedRequest<R>, ...rest);
  };
}
