/** `localStorage`, as long as it works. */
import { type AuthStorage, memoryStorage } from "./storage.js";

/**
 * Keeps sessions in the browser's `localStorage`, where all tabs of the origin share them.
 *
 * Where it is blocked (private windows, embedded pages) or full, this page keeps its session in memory instead: the user stays
 * logged in until the page is reloaded.
 */
export function browserStorage(): AuthStorage {
  const memory = memoryStorage();
  return {
    getItem(key) {
      return memory.getItem(key) ?? attempt(() => localStorage.getItem(key)) ?? null;
    },
    setItem(key, value) {
      if (attempt(() => (localStorage.setItem(key, value), true))) {
        memory.removeItem(key);
        return;
      }
      memory.setItem(key, value);
      // An old refresh token must not stay behind: used once more, it would end the session.
      attempt(() => localStorage.removeItem(key));
    },
    removeItem(key) {
      memory.removeItem(key);
      attempt(() => localStorage.removeItem(key));
    },
    subscribe(key, changed) {
      const listen = (event: StorageEvent): void => {
        // A null key: everything was cleared.
        if (event.storageArea !== attempt(() => localStorage) || (event.key !== key && event.key !== null)) return;
        if (event.newValue !== null) memory.removeItem(key);
        changed();
      };
      addEventListener("storage", listen);
      return () => removeEventListener("storage", listen);
    },
  };
}

// Even naming `localStorage` throws where it is blocked.
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
