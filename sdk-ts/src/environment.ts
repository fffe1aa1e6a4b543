/** What kind of place this code runs in. */

interface Globals {
  window?: { document?: unknown };
  importScripts?: unknown;
}

/**
 * Whether this is a page or a worker of a browser, where everybody can read the code and its keys.
 *
 * Edge runtimes define `WorkerGlobalScope` and `navigator` too; only browsers have a document or `importScripts`.
 */
export function isBrowser(): boolean {
  const globals = globalThis as Globals;
  return typeof globals.window?.document !== "undefined" || typeof globals.importScripts === "function";
}

/** `bytes` random bytes in hexadecimal. `crypto.randomUUID` is missing on pages without https, so it is not used. */
export function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
