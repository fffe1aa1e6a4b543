/** Sessions in cookies, for pages that a server renders. */
import type { AuthStorage } from "./storage.js";

/** What a cookie is written with. */
export interface CookieOptions {
  path?: string;
  domain?: string;
  /** Seconds. */
  maxAge?: number;
  httpOnly?: boolean;
  secure?: boolean;
  sameSite?: "lax" | "strict" | "none";
}

/**
 * The cookies of one request and its answer. What `cookies()` of Next.js answers fits as it is; for others write an object
 * with these methods.
 */
export interface CookieJar {
  get(name: string): { value: string } | string | undefined;
  set(name: string, value: string, options: CookieOptions): unknown;
}

// Browsers keep 4096 bytes a cookie, name and attributes included.
const CHUNK = 3_500;
const MOST_CHUNKS = 8;

/**
 * Keeps a session in cookies. By default they are `HttpOnly`, `Secure`, `SameSite=Lax`, for the whole site, and last a week:
 * a page's scripts can't read them, so the server makes every call to DevAuth.
 *
 * A session that is longer than one cookie can be is cut into several, `name.0`, `name.1`, ….
 */
export function cookieStorage(jar: CookieJar, options: CookieOptions = {}): AuthStorage {
  const written: CookieOptions = { path: "/", httpOnly: true, secure: true, sameSite: "lax", maxAge: 604_800, ...options };
  const read = (key: string, index: number): string | undefined => {
    const found = jar.get(`${key}.${index}`);
    return (typeof found === "string" ? found : found?.value) || undefined;
  };
  const writeAll = async (key: string, chunks: string[]): Promise<void> => {
    for (const [index, chunk] of chunks.entries()) await jar.set(`${key}.${index}`, chunk, written);
    for (let index = chunks.length; index < MOST_CHUNKS && read(key, index) !== undefined; index++) {
      await jar.set(`${key}.${index}`, "", { ...written, maxAge: 0 });
    }
  };
  return {
    getItem(key) {
      let encoded = "";
      for (let index = 0; index < MOST_CHUNKS; index++) {
        const chunk = read(key, index);
        if (chunk === undefined) break;
        encoded += chunk;
      }
      return encoded === "" ? null : decode(encoded);
    },
    setItem(key, value) {
      const encoded = encode(value);
      const chunks = [];
      for (let at = 0; at < encoded.length; at += CHUNK) chunks.push(encoded.slice(at, at + CHUNK));
      return writeAll(key, chunks);
    },
    removeItem: (key) => writeAll(key, []),
    // The jar belongs to one request: nobody else changes it. Two requests at once are answered alike by DevAuth.
    lock: (_key, work) => work(),
    subscribe: () => () => {},
  };
}

// Base64url of UTF-8: characters that every cookie may hold.
function encode(text: string): string {
  const binary = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

function decode(encoded: string): string | null {
  try {
    const binary = atob(encoded.replace(/-/g, "+").replace(/_/g, "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (character) => character.charCodeAt(0)));
  } catch {
    return null;
  }
}
