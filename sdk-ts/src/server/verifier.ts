import { createRemoteJWKSet, customFetch, errors as jose, jwtVerify, type JWTVerifyGetKey } from "jose";

import { isBrowser } from "../environment.js";
import { AuthenticationError, ConfigurationError, DevAuthError, NetworkError, TimeoutError } from "../errors.js";
import { baseUrlOf, isSecret } from "../options.js";
import { type Fetch, Transport } from "../transport.js";
import { type AccessClaims, claimsFor, type Introspection } from "./claims.js";

/** How to make a {@link TokenVerifier}. */
export interface TokenVerifierOptions {
  /** Where DevAuth is, for instance `https://auth.example.com`. */
  baseUrl: string;
  /** The application whose tokens are accepted, `app_…`. */
  appId: string;
  /** A secret key, `dvk_sk_…`. Needed for introspection only. */
  apiKey?: string;
  /**
   * `false` (the default): tokens are verified here, and stay good until they expire, at most 15 minutes unless DevAuth is configured
   * otherwise, even if their session is ended meanwhile. `true`: DevAuth is asked about every token, and a logout counts at once.
   */
  strict?: boolean;
  /** DevAuth's public URL, if it is reached under another one. */
  issuer?: string;
  /** How far this machine's clock may be off, in seconds: 0 to 5, 5 by default. */
  clockTolerance?: number;
  /** Milliseconds for one request to DevAuth; 5,000 by default. */
  timeout?: number;
  /** How many more tries an introspection gets; 1 by default. */
  retries?: number;
  /** Instead of the platform's `fetch`. */
  fetch?: Fetch;
}

/** How long public keys are kept, in milliseconds: as long as DevAuth's `Cache-Control` allows. */
const KEYS_KEPT = 300_000;
/** How soon an unknown key may make us look again. Anybody can send such a token, so not for each one. */
const LOOK_AGAIN = 1_000;
/** Longer ones are not DevAuth's. */
const LONGEST_TOKEN = 8 * 1024;

/**
 * Says whether an access token is good, and whose.
 *
 * Make one and keep it: it remembers the public keys.
 */
export class TokenVerifier {
  readonly #appId: string;
  readonly #strict: boolean;
  readonly #introspects: boolean;
  readonly #issuer: string;
  readonly #tolerance: number;
  readonly #keys: JWTVerifyGetKey;
  readonly #transport: Transport;
  readonly #timeout: number;

  /** @throws {ConfigurationError} An option is unusable. */
  constructor(options: TokenVerifierOptions) {
    const { appId, apiKey, strict = false, clockTolerance = 5, timeout = 5_000, retries = 1 } = options;
    const baseUrl = baseUrlOf(options.baseUrl);
    if (!appId?.startsWith("app_")) throw new ConfigurationError("appId must be the application's id, app_….");
    if (apiKey !== undefined && !isSecret(apiKey)) throw new ConfigurationError("Introspection needs a secret key, dvk_sk_….");
    if (apiKey !== undefined && isBrowser()) {
      throw new ConfigurationError("A secret API key must not be in a browser.", "secret_key_in_browser");
    }
    if (strict && apiKey === undefined) throw new ConfigurationError("strict needs an apiKey: DevAuth is asked about every token.");
    if (!(clockTolerance >= 0 && clockTolerance <= 5)) throw new ConfigurationError("clockTolerance must be from 0 to 5 seconds.");
    const send: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
    this.#appId = appId;
    this.#strict = strict;
    this.#introspects = apiKey !== undefined;
    this.#issuer = options.issuer ?? baseUrl;
    this.#tolerance = clockTolerance;
    this.#timeout = timeout;
    this.#keys = createRemoteJWKSet(new URL(`${baseUrl}/.well-known/jwks.json`), {
      cacheMaxAge: KEYS_KEPT,
      cooldownDuration: LOOK_AGAIN,
      timeoutDuration: timeout,
      [customFetch]: send,
    });
    this.#transport = new Transport({ baseUrl, appId, apiKey: apiKey ?? "", fetch: send, timeout, retries, maxRetryWait: 2_000 });
  }

  /**
   * The claims of a good token.
   *
   * @throws {AuthenticationError} `invalid_token`: the token is bad, whatever is wrong with it.
   * @throws {DevAuthError} Any other: it could not be found out. Never let such a request pass; answer 503.
   */
  async verify(token: string): Promise<AccessClaims> {
    return this.#strict ? this.#ask(token) : this.#verifyHere(token);
  }

  /**
   * What DevAuth knows of a token now (RFC 7662).
   *
   * @throws {ConfigurationError} The verifier was made without an `apiKey`.
   */
  async introspect(token: string): Promise<Introspection> {
    if (!this.#introspects) throw new ConfigurationError("Introspection needs an apiKey.");
    if (token === "" || token.length > LONGEST_TOKEN) return { active: false };
    const call = { method: "POST", path: "/v1/auth/introspect", body: { token }, repeatable: true } as const;
    const body = (await this.#transport.send(call)).body as Record<string, unknown> | undefined;
    if (body?.["active"] === false) return { active: false };
    if (body?.["active"] === true && claimsFor(this.#appId, body)) return body as Introspection;
    throw new NetworkError("The answer is not DevAuth's: something is missing in it.");
  }

  async #ask(token: string): Promise<AccessClaims> {
    const answer = await this.introspect(token);
    return (answer.active && claimsFor(this.#appId, { ...answer })) || invalid();
  }

  async #verifyHere(token: string): Promise<AccessClaims> {
    if (token.length > LONGEST_TOKEN) return invalid();
    const { payload, protectedHeader } = await jwtVerify(token, this.#keys, {
      algorithms: ["RS256"],
      typ: "at+jwt",
      issuer: this.#issuer,
      audience: this.#appId,
      clockTolerance: this.#tolerance,
    }).catch((error: unknown) => {
      throw failure(error, this.#timeout);
    });
    // Without a key id jose would take any key that fits.
    if (protectedHeader.kid === undefined) return invalid();
    const claims = claimsFor(this.#appId, payload) ?? invalid();
    return claims.iat > Date.now() / 1000 + this.#tolerance ? invalid() : claims;
  }
}

/** What an error of jose means. */
function failure(error: unknown, timeout: number): DevAuthError {
  if (error instanceof DevAuthError) return error;
  if (error instanceof jose.JWKSTimeout) return new TimeoutError(timeout);
  const ofTheKeys = error instanceof jose.JWKSInvalid || error instanceof jose.JWKInvalid;
  // The plain class stands for an answer that is no key set, every other subclass for something wrong with the token.
  const ofTheToken = error instanceof jose.JOSEError && error.constructor !== jose.JOSEError && !ofTheKeys;
  if (ofTheToken) return invalidToken();
  return new NetworkError("DevAuth's public keys could not be fetched.", { cause: error });
}

function invalidToken(): AuthenticationError {
  const detail = "The token is missing, malformed or expired, or its session has ended.";
  return new AuthenticationError({ status: 401, code: "invalid_token", detail });
}

function invalid(): never {
  throw invalidToken();
}
