/** One at a time among everybody who shares a storage. */
import { isBrowser } from "./environment.js";
import type { AuthStorage } from "./storage.js";

/** How long to wait for another tab, in milliseconds: longer than any refresh with its repetitions takes. */
const PATIENCE = 20_000;

/**
 * Runs `work` under the storage's own lock, else under a Web Lock, else at once.
 *
 * A lock makes things cheaper, never possible: when another tab does not let go in time, work goes on without it. DevAuth
 * answers two refreshes of one token with the same successor.
 */
export async function exclusively<T>(storage: AuthStorage, key: string, work: () => Promise<T>): Promise<T> {
  if (storage.lock) return storage.lock(key, work);
  // Outside browsers `navigator.locks` would make unrelated users of one server wait for each other.
  const locks = isBrowser() ? (globalThis.navigator as Navigator | undefined)?.locks : undefined;
  if (!locks) return work();
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE);
  let entered = false;
  try {
    const enter = (): Promise<T> => {
      entered = true;
      clearTimeout(timer);
      return work();
    };
    // The types say that the answer's promise is wrapped once more; promises don't nest.
    return (await locks.request(key, { signal: patience.signal }, enter)) as T;
  } catch (error) {
    if (entered) throw error;
    return work();
  } finally {
    clearTimeout(timer);
  }
}
