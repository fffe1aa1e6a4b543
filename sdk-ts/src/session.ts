/** The session that a client has: kept in a storage, watched by listeners. Sends no requests. */
import { isBrowser } from "./environment.js";
import type { AuthStorage } from "./storage.js";
import type { AuthChange, SignOutReason, Tokens, User } from "./types.js";

/** What is kept of a login. */
export interface KeptSession {
  access_token: string;
  refresh_token: string;
  /** When the access token ends, by this machine's clock, in milliseconds since 1970. */
  expires_at: number;
  /** How long the access token lives altogether, in milliseconds. */
  lifetime: number;
  user: User;
}

export type Listener = (change: AuthChange) => void;

export class Session {
  readonly storage: AuthStorage;
  readonly key: string;
  readonly #listeners = new Set<Listener>();
  /** What listeners were told last; `undefined` until the storage was read for the first time. */
  #told: KeptSession | null | undefined;
  #stopWatching: (() => void) | undefined;
  #channel: BroadcastChannel | undefined;

  constructor(storage: AuthStorage, key: string) {
    this.storage = storage;
    this.key = key;
  }

  /** What the storage has now. If others changed it, listeners are told. */
  async read(): Promise<KeptSession | null> {
    const kept = parse(await this.storage.getItem(this.key));
    this.#notice(kept);
    return kept;
  }

  /** A login: keeps its tokens, whatever was there before. */
  async start(tokens: Tokens): Promise<KeptSession> {
    const kept = keep(tokens);
    await this.#write(kept, "signed_in");
    return kept;
  }

  /**
   * A refresh: keeps the tokens that came for `previous`. If a login or a logout happened meanwhile, that one holds and the
   * tokens are dropped.
   */
  async replace(previous: KeptSession, tokens: Tokens): Promise<KeptSession | null> {
    const now = await this.read();
    if (now?.refresh_token !== previous.refresh_token) return now;
    const kept = keep(tokens);
    await this.#write(kept, "refreshed");
    return kept;
  }

  /** News about the user, if it is the one who is logged in. */
  async updateUser(user: User): Promise<void> {
    const now = await this.read();
    if (now?.user.id !== user.id || JSON.stringify(now.user) === JSON.stringify(user)) return;
    await this.#write({ ...now, user }, "user_changed");
  }

  /** Forgets the session. */
  async end(reason: SignOutReason): Promise<void> {
    const was = this.#told;
    this.#told = null;
    await this.storage.removeItem(this.key);
    this.#channel?.postMessage("changed");
    if (was !== null) this.#tell({ event: "signed_out", user: null, reason });
  }

  /** Adds a listener; it is told the present state first. Answers with a function that removes it. */
  listen(listener: Listener): () => void {
    // A wrapper of its own, so that one function can listen twice.
    const own: Listener = (change) => listener(change);
    let stopped = false;
    this.#stopWatching ??= this.#watch();
    void this.read().then((kept) => {
      if (stopped) return;
      this.#listeners.add(own);
      call(own, { event: "initial", user: kept?.user ?? null });
    }, report);
    return () => {
      stopped = true;
      this.#listeners.delete(own);
    };
  }

  /** Stops watching other tabs, and forgets all listeners. */
  close(): void {
    this.#listeners.clear();
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  async #write(kept: KeptSession, event: AuthChange["event"]): Promise<void> {
    this.#told = kept;
    await this.storage.setItem(this.key, JSON.stringify(kept));
    this.#channel?.postMessage("changed");
    this.#tell({ event, user: kept.user });
  }

  #watch(): () => void {
    const look = (): void => void this.read().catch(report);
    if (this.storage.subscribe) return this.storage.subscribe(this.key, look);
    if (!isBrowser() || typeof BroadcastChannel === "undefined") return () => {};
    const channel = new BroadcastChannel(this.key);
    this.#channel = channel;
    channel.onmessage = look;
    return () => {
      channel.close();
      this.#channel = undefined;
    };
  }

  #notice(kept: KeptSession | null): void {
    const was = this.#told;
    this.#told = kept;
    if (was === undefined || was?.access_token === kept?.access_token) {
      if (was && kept && JSON.stringify(was.user) !== JSON.stringify(kept.user)) {
        this.#tell({ event: "user_changed", user: kept.user });
      }
      return;
    }
    if (kept === null) this.#tell({ event: "signed_out", user: null, reason: "elsewhere" });
    else this.#tell({ event: was?.user.id === kept.user.id ? "refreshed" : "signed_in", user: kept.user });
  }

  #tell(change: AuthChange): void {
    for (const listener of [...this.#listeners]) call(listener, change);
  }
}

function keep(tokens: Tokens): KeptSession {
  const { access_token, refresh_token, user } = tokens;
  const lifetime = tokens.expires_in * 1000;
  return { access_token, refresh_token, expires_at: Date.now() + lifetime, lifetime, user };
}

// Others can write to the storage: what is not a session counts as none.
function parse(text: string | null | undefined): KeptSession | null {
  if (!text) return null;
  try {
    const kept = JSON.parse(text) as Partial<KeptSession> | null;
    const whole =
      typeof kept?.access_token === "string" &&
      typeof kept.refresh_token === "string" &&
      typeof kept.expires_at === "number" &&
      typeof kept.lifetime === "number" &&
      typeof kept.user?.id === "string";
    return whole ? (kept as KeptSession) : null;
  } catch {
    return null;
  }
}

// One listener's mistake must not keep the others, or a login, from going on.
function call(listener: Listener, change: AuthChange): void {
  try {
    listener(change);
  } catch (error) {
    report(error);
  }
}

function report(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
