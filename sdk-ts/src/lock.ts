/** One at a time among everybody who shares a storage. */
import { isBrowser } from "./environment.js";
import type { AuthStorage } from "./storage.js";

/** How long to wait for another tab, in milliseconds: longer than any refresh with its repetitions takes. */
const PATIENCE = 20_000;

/** Answered instead of a result where somebody else has the lock. */
const TAKEN = Symbol("taken");

/**
 * Runs `work` under the storage's own lock, else under a Web Lock, else at once.
 *
 * A lock makes things cheaper, never possible: when another tab does not let go in time, work goes on without it. DevAuth
 * answers two refreshes of one token with the same successor. `work` is told whether it had to wait for another tab.
 */
export async function exclusively<T>(storage: AuthStorage, key: string, work: (waited: boolean) => Promise<T>): Promise<T> {
  if (storage.lock) return storage.lock(key, () => work(false));
  // Outside browsers `navigator.locks` would make unrelated users of one server wait for each other.
  const locks = isBrowser() ? (globalThis.navigator as Navigator | undefined)?.locks : undefined;
  if (!locks) return work(false);
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  let entered = false;
  try {
    const enter = (waited: boolean): Promise<T> => {
      entered = true;
      clearTimeout(timer);
      return work(waited);
    };
    // The types say that the answer's promise is wrapped once more; promises don't nest.
    const atOnce = (await locks.request(key, { ifAvailable: true }, (lock) => (lock === null ? TAKEN : enter(false)))) as T | typeof TAKEN;
    if (atOnce !== TAKEN) return atOnce as T;
    return (await locks.request(key, { signal: patience.signal }, () => enter(true))) as T;
  } catch (error) {
    if (entered) throw error;
    return work(true);
  } finally {
    clearTimeout(timer);
  }
}
