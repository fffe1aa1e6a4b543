/**
 * For servers: who sent this request? Access tokens are verified locally against DevAuth's public keys, or strictly by
 * introspection. Needs the package `jose`.
 *
 * @packageDocumentation
 */
export { type ExpressNext, type ExpressRequest, type ExpressResponse, expressAuth } from "./server/express.js";
export { devauthFastify, type FastifyAuthOptions } from "./server/fastify.js";
export { bearerToken, refusal, type Refusal } from "./server/refusal.js";
export { type AuthenticatedRequest, withAuth } from "./server/route-handler.js";
export { TokenVerifier, type TokenVerifierOptions } from "./server/verifier.js";
export type { AccessClaims, Introspection } from "./server/claims.js";
// Kept by the bundler in a chunk of their own, so that `instanceof` holds across entries.
export {
  ApiError,
  AuthenticationError,
  ConfigurationError,
  DevAuthError,
  NetworkError,
  RateLimitError,
  UnavailableError,
} from "./errors.js";
