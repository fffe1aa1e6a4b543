/**
 * Everything this package throws:
 *
 *     DevAuthError
 *     ├─ ConfigurationError        the client was set up wrongly
 *     ├─ NotLoggedInError          the call needs a session and there is none
 *     ├─ NetworkError              no answer, or one that is not DevAuth's
 *     │  └─ TimeoutError           no answer in time
 *     └─ ApiError                  DevAuth refused
 *        ├─ BadRequestError        400 and the rarer 4xx (405, 408, 413, 415, 431)
 *        ├─ AuthenticationError    401
 *        ├─ PermissionDeniedError  403
 *        ├─ NotFoundError          404
 *        ├─ ConflictError          409
 *        ├─ ValidationError        422
 *        ├─ RateLimitError         429
 *        └─ ServerError            500 and other 5xx
 *           └─ UnavailableError    502, 503, 504
 *
 * No message, field or cause ever holds a password, a token or a key.
 */
import type { components } from "./api.generated.js";

/** The codes this version knows. */
export type KnownErrorCode = components["schemas"]["ErrorCode"];

/** A code of the service; a newer service may send one that this version does not know. */
// `string & {}` keeps the known codes in an editor's suggestions.
export type ErrorCode = KnownErrorCode | (string & {});

/** One unacceptable value: `pointer` (RFC 6901) says which, `code` why, `message` is for people. */
export type FieldError = components["schemas"]["FieldError"];

/** The parent of all errors of this package. */
export class DevAuthError extends Error {
  override readonly name: string = "DevAuthError";
  /** What programs act on. */
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** The client was set up wrongly: fix the code. Thrown by constructors. */
export class ConfigurationError extends DevAuthError {
  override readonly name: string = "ConfigurationError";
  constructor(message: string, code: ErrorCode = "configuration") {
    super(code, message);
  }
}

/** The call needs a logged-in user, and there is none. */
export class NotLoggedInError extends DevAuthError {
  override readonly name: string = "NotLoggedInError";
  constructor() {
    super("not_logged_in", "Nobody is logged in.");
  }
}

/** There was no answer, or what answered was not DevAuth. Says nothing about the session. */
export class NetworkError extends DevAuthError {
  override readonly name: string = "NetworkError";
  constructor(message: string, options?: ErrorOptions & { code?: ErrorCode }) {
    super(options?.code ?? "network_error", message, options);
  }
}

/** There was no answer in time. Whether the request was carried out is not known. */
export class TimeoutError extends NetworkError {
  override readonly name: string = "TimeoutError";
  constructor(milliseconds: number) {
    super(`DevAuth did not answer within ${milliseconds} ms.`, { code: "timeout" });
  }
}

/** What an {@link ApiError} is made of. */
export interface ApiErrorDetails {
  status: number;
  code: ErrorCode;
  /** One sentence for developers. */
  detail: string;
  /** Names the request in DevAuth's logs. */
  requestId?: string | undefined;
  errors?: FieldError[] | undefined;
  /** Seconds. */
  retryAfter?: number | undefined;
}

/** DevAuth refused a request (RFC 9457). Act on `code`; `docs/errors.md` of the service lists all of them. */
export class ApiError extends DevAuthError {
  override readonly name: string = "ApiError";
  /** The HTTP status. */
  readonly status: number;
  /** Names the request in DevAuth's logs; quote it when you ask for help. */
  readonly requestId: string | undefined;
  /** The unacceptable values, with `validation_failed` only. */
  readonly errors: readonly FieldError[];
  /** Seconds to wait before another try, if DevAuth named them. */
  readonly retryAfter: number | undefined;

  constructor(details: ApiErrorDetails) {
    super(details.code, details.detail);
    this.status = details.status;
    this.requestId = details.requestId;
    this.errors = details.errors ?? [];
    this.retryAfter = details.retryAfter;
  }
}

/** 400, and the rarer statuses for a request that can't work as it is. `token_invalid`: offer to send a new mail. */
export class BadRequestError extends ApiError {
  override readonly name: string = "BadRequestError";
}

/** 401: wrong password (`invalid_credentials`), ended session (`invalid_token`), or wrong key (`invalid_api_key`). */
export class AuthenticationError extends ApiError {
  override readonly name: string = "AuthenticationError";
}

/** 403: this caller may not do this, for instance `email_unverified` or `origin_not_allowed`. */
export class PermissionDeniedError extends ApiError {
  override readonly name: string = "PermissionDeniedError";
}

/** 404: it is not there, or not yours. */
export class NotFoundError extends ApiError {
  override readonly name: string = "NotFoundError";
}

/** 409: for instance `email_taken`. */
export class ConflictError extends ApiError {
  override readonly name: string = "ConflictError";
}

/** 422: `errors` says which values are unacceptable, and why. */
export class ValidationError extends ApiError {
  override readonly name: string = "ValidationError";
}

/** 429: wait `retryAfter` seconds. With `account_locked` a password reset helps too. */
export class RateLimitError extends ApiError {
  override readonly name: string = "RateLimitError";
}

/** 5xx: a fault of the service. */
export class ServerError extends ApiError {
  override readonly name: string = "ServerError";
}

/** 502, 503, 504: the service can't answer now; try again after `retryAfter` seconds. */
export class UnavailableError extends ServerError {
  override readonly name: string = "UnavailableError";
}

/** The error of the class that stands for its status. */
export function apiError(details: ApiErrorDetails): ApiError {
  return new (classOf(details.status))(details);
}

function classOf(status: number): new (details: ApiErrorDetails) => ApiError {
  switch (status) {
    case 401:
      return AuthenticationError;
    case 403:
      return PermissionDeniedError;
    case 404:
      return NotFoundError;
    case 409:
      return ConflictError;
    case 422:
      return ValidationError;
    case 429:
      return RateLimitError;
    case 502:
    case 503:
    case 504:
      return UnavailableError;
  }
  if (status >= 500) return ServerError;
  return status >= 400 ? BadRequestError : ApiError;
}
