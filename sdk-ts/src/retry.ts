/** When a failed request is sent again, and after how long. Pure: time and chance are parameters. */
import { ApiError, NetworkError } from "./errors.js";

/** What the decision depends on. */
export interface Circumstances {
  /** Whether sending the request twice does no harm. */
  repeatable: boolean;
  /** How many tries have failed, from 1. */
  failed: number;
  /** How many more tries are allowed after the first. */
  retries: number;
  /** The longest pause that is waited for, in milliseconds. */
  maxWait: number;
  /** A random number from 0 up to 1. */
  random: number;
}

/** Pauses double from here, in milliseconds. */
const FIRST_PAUSE = 200;

// Refused before any work was done, so that any request may come again. Not `account_locked`: minutes pass until it opens.
const NOTHING_HAPPENED = new Set(["rate_limited", "busy"]);

/** Milliseconds until the next try, or `undefined` if there shall be none. */
export function pauseBefore(error: unknown, given: Circumstances): number | undefined {
  if (given.failed > given.retries || !mayRepeat(error, given)) return undefined;
  const asked = error instanceof ApiError ? error.retryAfter : undefined;
  if (asked !== undefined) {
    // Never earlier than asked, and spread, or all who were turned away come back in the same moment.
    const pause = asked * 1000 + given.random * FIRST_PAUSE * 2;
    return asked * 1000 > given.maxWait ? undefined : pause;
  }
  return Math.min(given.maxWait, FIRST_PAUSE * 2 ** (given.failed - 1) * (0.5 + given.random));
}

function mayRepeat(error: unknown, given: Circumstances): boolean {
  if (error instanceof ApiError) {
    if (NOTHING_HAPPENED.has(error.code)) return true;
    // An earlier try that lost its connection is still being worked on.
    if (error.code === "idempotency_in_progress") return given.failed > 1 && given.repeatable;
    return given.repeatable && (error.status === 502 || error.status === 503 || error.status === 504);
  }
  return given.repeatable && error instanceof NetworkError;
}

/** Waits, unless `signal` gives up first. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const giveUp = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", giveUp);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", giveUp, { once: true });
  });
}
