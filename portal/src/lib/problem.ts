import type { components } from "./api-types.gen";

/** The body of every answer that is not a success (RFC 9457). */
export type Problem = components["schemas"]["Problem"];
/** What programs act on. */
export type ProblemCode = components["schemas"]["ErrorCode"];

/** An answer that was not a success. */
export class ApiError extends Error {
  override name = "ApiError";
  /** What the server said. */
  readonly problem: Problem;
  /** Seconds to wait before another try, if the server named them. */
  readonly retryAfter: number | undefined;

  constructor(problem: Problem, retryAfter?: number) {
    super(problem.detail);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): ProblemCode {
    return this.problem.code;
  }
}

/** No answer arrived: the server is away, or the network is. */
export class NetworkError extends Error {
  override name = "NetworkError";

  constructor() {
    super("DevAuth could not be reached. Check your connection and try again.");
  }
}

/** Whether the session is over, so that only a login helps. */
export function isSessionLost(error: unknown): boolean {
  return error instanceof ApiError && error.code === "invalid_token";
}

/** Whether an object isn't there, or isn't this developer's. */
export function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.code === "not_found";
}

/** What to tell a person, in a sentence or two. */
export function inWords(error: unknown): string {
  if (error instanceof NetworkError) return error.message;
  if (!(error instanceof ApiError)) return "Something went wrong in this page. Reload it and try again.";
  const wait = error.retryAfter === undefined ? "" : ` Try again in ${duration(error.retryAfter)}.`;
  return WORDS[error.code] === undefined ? error.message + wait : WORDS[error.code] + wait;
}

/** Where the portal has better words than the API, which speaks to programmers. */
const WORDS: Partial<Record<ProblemCode, string>> = {
  invalid_credentials: "The e-mail address or the password is wrong.",
  account_locked: "Too many failed logins. This address is locked for a while.",
  account_protected: "This account is protected after many failed logins. Reset the password to get in.",
  email_taken: "There is already an account with this address.",
  token_invalid: "This link was already used, has expired or was replaced by a newer one.",
  rate_limited: "That was a bit fast.",
  busy: "DevAuth is busy.",
  unavailable: "DevAuth can't answer at the moment.",
  not_found: "It is not there any more, or it is not yours.",
  internal: "Something went wrong on the server.",
};

/** `90` seconds → "2 minutes". */
export function duration(seconds: number): string {
  const [count, unit] = seconds < 90 ? [seconds, "second"] : [Math.ceil(seconds / 60), "minute"];
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}
