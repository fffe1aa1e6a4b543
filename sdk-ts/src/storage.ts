/** Where a session is kept between calls. */

/**
 * Keeps strings under names. `localStorage`, `sessionStorage` and React Native's AsyncStorage fit as they are; methods may
 * answer with promises.
 *
 * What is kept is a login: whoever can read it can act as the user.
 */
export interface AuthStorage {
  /** The value, or `null` (or `undefined`) if there is none. */
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
  /**
   * Runs `work` while nobody else who shares this storage runs theirs, so that all of them together refresh once. Without it,
   * tabs of a browser use Web Locks. Where there are neither, two processes may refresh at once; nobody is logged out by
   * that, because DevAuth answers both with the same tokens.
   */
  lock?<T>(key: string, work: () => Promise<T>): Promise<T>;
  /** Calls `changed` when somebody else may have changed the value. Answers with a function that stops it. */
  subscribe?(key: string, changed: () => void): () => void;
}

/** Keeps sessions in memory: they end with the page or the process, and no other tab sees them. */
export function memoryStorage(): AuthStorage {
  const values = new Map<string, string>();
  return {
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
    lock: (_key, work) => work(),
    subscribe: () => () => {},
  };
}
