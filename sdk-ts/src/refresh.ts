/**
 * New tokens for old ones: once, however many calls, tabs and processes need them at the same time.
 *
 * A refresh token is good for one use, and an old one ends the session. So: calls of one client share one refresh; clients that
 * share a storage take turns, and read the storage again when it is their turn. Only DevAuth's own refusal ends a session.
 */
import { ApiError, NetworkError } from "./errors.js";
import { exclusively } from "./lock.js";
import type { KeptSession, Session } from "./session.js";
import type { Transport } from "./transport.js";
import { isTokens } from "./wire.js";

/**
 * Milliseconds for one try. Shorter than the ten seconds within which DevAuth answers a repeated token with the same successor, so
 * that the try after a lost answer still falls into them.
 */
const TIMEOUT = 4_000;

/** Milliseconds until what another tab kept under the lock is here at the latest: browsers keep a copy of `localStorage` in each process. */
const ARRIVAL = 200;
/** Milliseconds between two looks for it. */
const PAUSE = 10;

export class Refresher {
  readonly #session: Session;
  readonly #transport: Transport;
  readonly #timeout: number;
  #inFlight: Promise<KeptSession | null> | undefined;

  constructor(session: Session, transport: Transport, timeout: number) {
    this.#session = session;
    this.#transport = transport;
    this.#timeout = Math.min(TIMEOUT, timeout);
  }

  /**
   * A session whose access token is another than `rejected`, or `null` if the session is over.
   *
   * @throws {DevAuthError} DevAuth can't be asked now. The session stays.
   */
  async instead(rejected: string): Promise<KeptSession | null> {
    const shared = await this.#share(rejected);
    // The refresh that was under way may have been for an older token, and found nothing to do.
    return shared?.access_token === rejected ? this.#share(rejected) : shared;
  }

  #share(rejected: string): Promise<KeptSession | null> {
    this.#inFlight ??= exclusively(this.#session.storage, this.#session.key, (waited) => this.#refresh(rejected, waited)).finally(
      () => (this.#inFlight = undefined),
    );
    return this.#inFlight;
  }

  async #refresh(rejected: string, waited: boolean): Promise<KeptSession | null> {
    const kept = await this.#read(rejected, waited ? ARRIVAL : 0);
    if (kept?.access_token !== rejected) return kept;
    try {
      const answer = await this.#transport.send({
        method: "POST",
        path: "/v1/auth/refresh",
        body: { refresh_token: kept.refresh_token },
        repeatable: true,
        timeout: this.#timeout,
      });
      if (!isTokens(answer.body)) throw new NetworkError("The answer to a refresh has no tokens.");
      return await this.#session.replace(kept, answer.body);
    } catch (error) {
      const reason = refusal(error);
      if (!reason) throw error;
      // Without a lock somebody else may have been quicker: then theirs are the tokens that count.
      const now = await this.#session.read();
      if (now && now.refresh_token !== kept.refresh_token) return now;
      if (now) await this.#session.end(reason);
      return null;
    }
  }

  /** What the storage has, or will have in so many milliseconds, instead of the token that was rejected. */
  async #read(rejected: string, patience: number): Promise<KeptSession | null> {
    for (let left = patience; ; left -= PAUSE) {
      const kept = await this.#session.read();
      if (kept?.access_token !== rejected || left <= 0) return kept;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

// Anything else (a revoked API key, a proxy's 401, a broken connection) is no word on the session.
function refusal(error: unknown): "ended" | "reused" | undefined {
  if (!(error instanceof ApiError) || error.status !== 401) return undefined;
  if (error.code === "refresh_token_reused") return "reused";
  return error.code === "invalid_token" ? "ended" : undefined;
}
