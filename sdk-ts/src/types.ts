/** Friendly names for what DevAuth answers. Members are spelled as they are on the wire. */
import type { components } from "./api.generated.js";

type Schemas = components["schemas"];

/** A user of an application. */
export type User = Omit<Schemas["User"], "status"> & {
  /** Whether the user may log in. */
  status: "active" | "suspended";
};

/** One login of a user, on one device. */
export type UserSession = Schemas["Session"];

/** What a login or a refresh answers. The client keeps it in its storage. */
export type Tokens = Omit<Schemas["Tokens"], "user"> & { user: User };

/** What `onAuthStateChange` tells. */
export interface AuthChange {
  /**
   * What happened: `initial` (told once to every new listener: who is logged in now), `signed_in`, `refreshed` (new
   * tokens), `user_changed`, or `signed_out`.
   */
  event: "initial" | "signed_in" | "refreshed" | "user_changed" | "signed_out";
  /** Who is logged in now, or `null`. */
  user: User | null;
  /** Why nobody is logged in any more; with `signed_out` only. */
  reason?: SignOutReason;
}

/**
 * Why a session is over here: `logout` (this client logged out), `ended` (DevAuth refused to go on: the session expired
 * or was ended), `reused` (the same, because an old refresh token was used: somebody may have copied it), `elsewhere`
 * (another tab or process that shares the storage ended it).
 */
export type SignOutReason = "logout" | "ended" | "reused" | "elsewhere";

/** For a single call. */
export interface CallOptions {
  /** Gives the call up. The promise is rejected with the signal's reason. */
  signal?: AbortSignal;
  /** Milliseconds for each try, instead of the client's. */
  timeout?: number;
}
