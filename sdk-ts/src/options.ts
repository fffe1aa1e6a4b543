/** What a client is made with, checked. */
import { isBrowser } from "./environment.js";
import { ConfigurationError } from "./errors.js";
import { browserStorage } from "./local-storage.js";
import { type AuthStorage, memoryStorage } from "./storage.js";
import type { Fetch } from "./transport.js";

/** How to make a {@link DevAuthClient}. */
export interface DevAuthClientOptions {
  /** The application's id, `app_…`. */
  appId: string;
  /** A publishable key (`dvk_pk_…`) in browsers and apps; on a server a secret one (`dvk_sk_…`). */
  apiKey: string;
  /** Where DevAuth is, for instance `https://auth.example.com`. */
  baseUrl: string;
  /** Where sessions are kept. By default `localStorage` in a browser, and memory elsewhere. */
  storage?: AuthStorage;
  /** Instead of the platform's `fetch`. */
  fetch?: Fetch;
  /** Milliseconds for each try of a request; 10,000 by default. */
  timeout?: number;
  /** How many more tries a request gets that is safe to repeat; 2 by default. */
  retries?: number;
  /** The longest pause before another try, in milliseconds; 10,000 by default. If DevAuth asks for more, the call fails. */
  maxRetryWait?: number;
  /**
   * The address of the user's device, on a server that logs users in with a secret key. Without it all of them count as one
   * client, which then runs into the limits on guessing.
   */
  clientAddress?: string;
}

const SECRET = "dvk_sk_";

/** Whether a key is for servers alone. */
export function isSecret(apiKey: string): boolean {
  return apiKey.startsWith(SECRET);
}

/** The base URL without a trailing slash. */
export function baseUrlOf(text: string): string {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new ConfigurationError("baseUrl must be a URL such as https://auth.example.com.");
  }
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new ConfigurationError("baseUrl must begin with https:// or http://.");
  }
  if (url.search || url.hash || url.username || url.password) {
    throw new ConfigurationError("baseUrl must have no query, fragment or user name.");
  }
  return url.href.replace(/\/+$/, "");
}

/** Fails with a sentence for the person who writes the code. */
export function check(options: DevAuthClientOptions): void {
  if (!options.appId?.startsWith("app_")) throw new ConfigurationError("appId must be the application's id, app_….");
  if (!options.apiKey?.startsWith("dvk_")) throw new ConfigurationError("apiKey must be an API key, dvk_pk_… or dvk_sk_….");
  if (isSecret(options.apiKey) && isBrowser()) {
    throw new ConfigurationError(
      "A secret API key must not be in a browser, where everybody can read it. Revoke it, and use a publishable key (dvk_pk_…) here.",
      "secret_key_in_browser",
    );
  }
  if (options.clientAddress !== undefined && !isSecret(options.apiKey)) {
    throw new ConfigurationError("clientAddress needs a secret key: with any other, DevAuth believes the connection alone.");
  }
  for (const name of ["timeout", "retries", "maxRetryWait"] as const) {
    const value = options[name];
    if (value !== undefined && !(value >= 0 && Number.isFinite(value))) {
      throw new ConfigurationError(`${name} must be a number from 0.`);
    }
  }
}

/** The storage that fits the place. */
export function defaultStorage(): AuthStorage {
  // A worker of a browser has no localStorage; there the session ends with the worker.
  return isBrowser() ? browserStorage() : memoryStorage();
}
