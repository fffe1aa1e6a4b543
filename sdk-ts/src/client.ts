import { randomHex } from "./environment.js";
import { ApiError, AuthenticationError, NotLoggedInError } from "./errors.js";
import { baseUrlOf, check, defaultStorage, type DevAuthClientOptions } from "./options.js";
import { Refresher } from "./refresh.js";
import { type KeptSession, type Listener, Session } from "./session.js";
import { type Answer, type Call, Transport } from "./transport.js";
import type { AuthChange, CallOptions, User, UserSession } from "./types.js";
import { sessionIdOf, sessionsOf, tokensOf, userOf } from "./wire.js";

/** Milliseconds before its end from which an access token is replaced; less for tokens that live shorter than five minutes. */
const EARLY = 30_000;

/**
 * Signs users of one application up and in, and keeps their session.
 *
 * Every method that sends a request may throw a {@link DevAuthError}: an {@link ApiError} when DevAuth refuses, a
 * {@link NetworkError} when it can't be reached. Network trouble never ends a session.
 */
export class DevAuthClient {
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #refresher: Refresher;

  /** @throws {ConfigurationError} An option is unusable, or a secret key is in a browser. */
  constructor(options: DevAuthClientOptions) {
    check(options);
    const { appId, apiKey, fetch, timeout = 10_000, retries = 2, maxRetryWait = 10_000, clientAddress } = options;
    const baseUrl = baseUrlOf(options.baseUrl);
    this.#transport = new Transport({ baseUrl, appId, apiKey, fetch, timeout, retries, maxRetryWait, clientAddress });
    this.#session = new Session(options.storage ?? defaultStorage(), `devauth.${appId}`);
    this.#refresher = new Refresher(this.#session, this.#transport, timeout);
  }

  /**
   * Signs a user up. They get a mail with a link to verify their address, and are not logged in.
   *
   * @param user.metadata Anything to keep with the user, up to 4 KiB of JSON, nested at most 64 levels deep.
   * @param options.idempotencyKey 16 to 64 printable ASCII characters that name this signup; by default new ones. A signup that is
   * repeated with the same key within 24 hours happens once.
   * @returns The user, or `null` if the application's `signup_mode` is `strict`, which does not tell whether the address was taken.
   * @throws {ConflictError} `email_taken`.
   * @throws {ValidationError} The address or the password is not acceptable; see `errors`.
   */
  async signup(
    user: { email: string; password: string; metadata?: Record<string, unknown> },
    options: CallOptions & { idempotencyKey?: string } = {},
  ): Promise<User | null> {
    const { idempotencyKey = randomHex(16), ...rest } = options;
    const answer = await this.#post("/signup", user, { ...rest, idempotencyKey, repeatable: true });
    return answer.status === 202 ? null : userOf(answer);
  }

  /**
   * Logs a user in and keeps the session. Who was logged in before is forgotten here; log them out first to end their session.
   *
   * @throws {AuthenticationError} `invalid_credentials`.
   * @throws {PermissionDeniedError} `email_unverified`, if the application wants verified addresses.
   * @throws {RateLimitError} `account_locked` or `account_protected` after too many failures.
   */
  async login(credentials: { email: string; password: string }, options: CallOptions = {}): Promise<User> {
    // Not repeated when the connection breaks: each try counts as a guess, and may start a session.
    const answer = await this.#post("/login", credentials, { ...options, repeatable: false });
    return (await this.#session.start(tokensOf(answer))).user;
  }

  /**
   * Ends the session. It is forgotten here at once, whatever happens to the request. Does nothing if nobody is logged in.
   *
   * @throws {NetworkError} DevAuth could not be told; the session may live on there until it expires.
   */
  async logout(options: CallOptions = {}): Promise<void> {
    const kept = await this.#session.read();
    if (!kept) return;
    await this.#session.end("logout");
    await this.#post("/logout", { refresh_token: kept.refresh_token }, { ...options, repeatable: true });
  }

  /** Ends every session of the user on all devices, this one too. If DevAuth can't be reached, nothing changes. */
  async logoutAll(options: CallOptions = {}): Promise<void> {
    try {
      await this.#asUser({ method: "POST", path: "/v1/auth/logout/all", repeatable: true, ...options });
    } catch (error) {
      // An earlier try went through, and its answer was lost: then this session is over as well.
      if (!(error instanceof AuthenticationError && error.code === "invalid_token")) throw error;
    }
    if (await this.#session.read()) await this.#session.end("logout");
  }

  /**
   * The logged-in user, as DevAuth knows them now.
   *
   * @throws {NotLoggedInError} Nobody is logged in.
   * @throws {AuthenticationError} The session is over; listeners were told.
   */
  async getMe(options: CallOptions = {}): Promise<User> {
    const user = userOf(await this.#asUser({ method: "GET", path: "/v1/auth/me", repeatable: true, ...options }));
    await this.#session.updateUser(user);
    return user;
  }

  /**
   * Proves an address with the `token` of a mailed link. Nobody is logged in by that.
   *
   * @throws {BadRequestError} `token_invalid`: the link was used, has expired or was replaced by a newer one.
   */
  async verifyEmail(token: string, options: CallOptions = {}): Promise<User> {
    const user = userOf(await this.#post("/email/verify/confirm", { token }, { ...options, repeatable: false }));
    await this.#session.updateUser(user);
    return user;
  }

  /** Sends the verification mail again. The answer is the same whether or not the address has a user. */
  async requestEmailVerification(email: string, options: CallOptions = {}): Promise<void> {
    await this.#post("/email/verify/request", { email }, { ...options, repeatable: false });
  }

  /** Sends a mail with a link to set a new password. The answer is the same whether or not the address has a user. */
  async requestPasswordReset(email: string, options: CallOptions = {}): Promise<void> {
    await this.#post("/password/reset/request", { email }, { ...options, repeatable: false });
  }

  /**
   * Sets a new password with the `token` of a mailed link. Ends every session of the user; if it is the one who is logged in here,
   * they are logged out.
   *
   * @throws {BadRequestError} `token_invalid`.
   * @throws {ValidationError} The password is not acceptable; the link can be used again.
   */
  async confirmPasswordReset(reset: { token: string; password: string }, options: CallOptions = {}): Promise<User> {
    const user = userOf(await this.#post("/password/reset/confirm", reset, { ...options, repeatable: false }));
    const kept = await this.#session.read();
    if (kept?.user.id === user.id) await this.#session.end("ended");
    return user;
  }

  /**
   * Changes the password of the logged-in user, and ends their other sessions.
   *
   * @throws {AuthenticationError} `invalid_credentials`: the current password is wrong.
   */
  async changePassword(
    passwords: { currentPassword: string; newPassword: string },
    options: CallOptions = {},
  ): Promise<void> {
    const body = { current_password: passwords.currentPassword, password: passwords.newPassword };
    await this.#asUser({ method: "POST", path: "/v1/auth/password/change", body, repeatable: false, ...options });
  }

  /** The user's living sessions, newest first; `current` marks this one. */
  async listSessions(options: CallOptions = {}): Promise<UserSession[]> {
    const call: Call = { method: "GET", path: "/v1/auth/sessions", repeatable: true, ...options };
    return sessionsOf(await this.#asUser(call));
  }

  /**
   * Ends one of the user's sessions. If it is this one, the user is logged out here.
   *
   * @param id `ses_…`
   * @throws {NotFoundError} The user has no such session.
   */
  async revokeSession(id: string, options: CallOptions = {}): Promise<void> {
    const path = `/v1/auth/sessions/${encodeURIComponent(id)}`;
    await this.#asUser({ method: "DELETE", path, repeatable: true, ...options });
    const kept = await this.#session.read();
    if (kept && sessionIdOf(kept.access_token) === id) await this.#session.end("logout");
  }

  /**
   * An access token that is good for a while, to be sent to your own backend; `null` if nobody is logged in. Asks DevAuth for a
   * new one if the old one is about to expire.
   *
   * @throws {NetworkError} The token has expired and DevAuth can't be reached. The session stays.
   */
  async getAccessToken(): Promise<string | null> {
    return (await this.#fresh())?.access_token ?? null;
  }

  /**
   * Like the platform's `fetch`, with the user's access token: for calls to your own backend. An answer of 401 gets the token
   * replaced once and the request sent again. Without a session it is sent without a token.
   *
   * The token goes to whatever `url` names, so let it name nothing but servers of yours.
   */
  async fetch(url: string | URL, init: RequestInit = {}): Promise<Response> {
    const send = (token: string | undefined): Promise<Response> => {
      const headers = new Headers(init.headers);
      if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
      return globalThis.fetch(url, { ...init, headers });
    };
    const kept = await this.#fresh();
    const first = await send(kept?.access_token);
    // A stream is used up by the first try.
    if (first.status !== 401 || !kept || init.body instanceof ReadableStream) return first;
    const renewed = await this.#refresher.instead(kept.access_token);
    if (!renewed) return first;
    await first.body?.cancel();
    return send(renewed.access_token);
  }

  /**
   * Calls `listener` once with who is logged in now (`initial`), then with every change, also those in other tabs.
   *
   * @returns A function that ends it.
   */
  onAuthStateChange(listener: (change: AuthChange) => void): () => void {
    return this.#session.listen(listener as Listener);
  }

  /** Forgets all listeners and stops watching other tabs. The session stays. */
  close(): void {
    this.#session.close();
  }

  #post(path: string, body: Record<string, unknown>, call: Omit<Call, "method" | "path" | "body">): Promise<Answer> {
    return this.#transport.send({ ...call, method: "POST", path: `/v1/auth${path}`, body });
  }

  /** Sends a request with the user's access token; if it is refused, with a new one, once. */
  async #asUser(call: Call): Promise<Answer> {
    const kept = await this.#fresh();
    if (!kept) throw new NotLoggedInError();
    try {
      return await this.#transport.send({ ...call, accessToken: kept.access_token });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401 || error.code !== "invalid_token") throw error;
      const renewed = await this.#refresher.instead(kept.access_token);
      if (!renewed) throw error;
      return this.#transport.send({ ...call, accessToken: renewed.access_token });
    }
  }

  /** The session with an access token that has not expired. */
  async #fresh(): Promise<KeptSession | null> {
    const kept = await this.#session.read();
    if (!kept) return null;
    const left = kept.expires_at - Date.now();
    if (left > Math.min(EARLY, kept.lifetime / 10)) return kept;
    try {
      return await this.#refresher.instead(kept.access_token);
    } catch (error) {
      // It was early: what is left of the token will do for now.
      if (left > 0) return kept;
      throw error;
    }
  }
}
