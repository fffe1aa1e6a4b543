/**
 * Signup, login and sessions with DevAuth.
 *
 * @packageDocumentation
 */
export { DevAuthClient } from "./client.js";
export { type CookieJar, type CookieOptions, cookieStorage } from "./cookie-storage.js";
export {
  ApiError,
  type ApiErrorDetails,
  AuthenticationError,
  BadRequestError,
  ConfigurationError,
  ConflictError,
  DevAuthError,
  type ErrorCode,
  type FieldError,
  type KnownErrorCode,
  NetworkError,
  NotFoundError,
  NotLoggedInError,
  PermissionDeniedError,
  RateLimitError,
  ServerError,
  TimeoutError,
  UnavailableError,
  ValidationError,
} from "./errors.js";
export { browserStorage } from "./local-storage.js";
export type { DevAuthClientOptions } from "./options.js";
export { type AuthStorage, memoryStorage } from "./storage.js";
export type { Fetch } from "./transport.js";
export type { AuthChange, CallOptions, SignOutReason, User, UserSession } from "./types.js";
