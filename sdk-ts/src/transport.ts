/** One request to DevAuth and its answer: headers, time limits, repetition, errors. Knows nothing of sessions. */
import { isBrowser } from "./environment.js";
import { apiError, DevAuthError, type ErrorCode, type FieldError, NetworkError, TimeoutError } from "./errors.js";
import { pause, pauseBefore } from "./retry.js";

/** The `fetch` of the platform, or one that behaves like it. */
export type Fetch = (input: string, init?: RequestInit) => Promise<Response>;

export interface TransportOptions {
  /** Without a trailing slash. */
  baseUrl: string;
  appId: string;
  apiKey: string;
  fetch?: Fetch | undefined;
  /** Milliseconds for one try. */
  timeout: number;
  retries: number;
  /** The longest pause before another try, in milliseconds. */
  maxRetryWait: number;
  clientAddress?: string | undefined;
}

export interface Call {
  method: "GET" | "POST" | "DELETE";
  /** Below the base URL. */
  path: string;
  body?: Record<string, unknown>;
  /** Whether sending it twice does no harm, so that a broken connection may be tried again. */
  repeatable: boolean;
  accessToken?: string;
  idempotencyKey?: string;
  signal?: AbortSignal | undefined;
  timeout?: number | undefined;
}

export interface Answer {
  status: number;
  /** The parsed body, or `undefined` if it is empty. */
  body: unknown;
  /** How many tries it took. */
  tries: number;
}

export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /**
   * Sends a request, again if that is safe and may help.
   *
   * @throws {ApiError} DevAuth refused.
   * @throws {NetworkError} There was no answer, or not one of DevAuth's.
   */
  async send(call: Call): Promise<Answer> {
    const { retries, maxRetryWait: maxWait } = this.#options;
    for (let failed = 0; ; ) {
      try {
        return { ...(await this.#once(call)), tries: failed + 1 };
      } catch (error) {
        failed += 1;
        const { repeatable } = call;
        const wait = pauseBefore(error, { repeatable, failed, retries, maxWait, random: Math.random() });
        if (wait === undefined) throw error;
        await pause(wait, call.signal);
      }
    }
  }

  async #once(call: Call): Promise<{ status: number; body: unknown }> {
    const timeout = call.timeout ?? this.#options.timeout;
    const limit = new AbortController();
    const forward = (): void => limit.abort();
    if (call.signal?.aborted) throw call.signal.reason;
    call.signal?.addEventListener("abort", forward, { once: true });
    const timer = setTimeout(forward, timeout);
    try {
      const response = await this.#fetch(call, limit.signal);
      // The limit covers the body too: a connection can break in the middle of it.
      return read(response, await response.text());
    } catch (error) {
      if (call.signal?.aborted) throw call.signal.reason;
      if (error instanceof DevAuthError) throw error;
      if (limit.signal.aborted) throw new TimeoutError(timeout);
      // Each platform's fetch has errors of its own for this.
      throw new NetworkError("DevAuth could not be reached.", { cause: error });
    } finally {
      clearTimeout(timer);
      call.signal?.removeEventListener("abort", forward);
    }
  }

  #fetch(call: Call, signal: AbortSignal): Promise<Response> {
    const { baseUrl, appId, apiKey, clientAddress } = this.#options;
    const headers: Record<string, string> = { accept: "application/json", "x-app-id": appId, "x-api-key": apiKey };
    if (call.accessToken !== undefined) headers["authorization"] = `Bearer ${call.accessToken}`;
    if (call.idempotencyKey !== undefined) headers["idempotency-key"] = call.idempotencyKey;
    if (clientAddress !== undefined) headers["x-devauth-client-ip"] = clientAddress;
    // A redirect is never followed: fetch would hand the API key to wherever it leads.
    const init: RequestInit = { method: call.method, headers, signal, redirect: "manual" };
    if (call.body !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(call.body);
    }
    // Edge runtimes refuse this member, and have no cookies to leave out.
    if (isBrowser()) init.credentials = "omit";
    const send = this.#options.fetch ?? (globalThis.fetch as Fetch);
    return send(baseUrl + call.path, init);
  }
}

function read(response: Response, text: string): { status: number; body: unknown } {
  const body = parse(text);
  if (response.status >= 200 && response.status < 300) {
    // A hotel's login page answers 200 as well.
    if (text !== "" && !isObject(body)) throw new NetworkError("The answer is not DevAuth's: it is no JSON object.");
    return { status: response.status, body };
  }
  if (response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400)) {
    throw new NetworkError("The answer is a redirect; baseUrl must name DevAuth itself.", { code: "redirected" });
  }
  const problem = isObject(body) ? body : {};
  const { code, detail, request_id: requestId } = problem;
  throw apiError({
    status: response.status,
    code: typeof code === "string" ? (code as ErrorCode) : `http_${response.status}`,
    detail: typeof detail === "string" ? detail : `DevAuth, or a proxy before it, answered ${response.status}.`,
    requestId: typeof requestId === "string" ? requestId : (response.headers.get("x-request-id") ?? undefined),
    errors: Array.isArray(problem["errors"]) ? (problem["errors"] as FieldError[]) : undefined,
    retryAfter: seconds(response.headers.get("retry-after")),
  });
}

function parse(text: string): unknown {
  try {
    return text === "" ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

// DevAuth sends whole seconds. A date (RFC 9110, 10.2.3) can only come from a proxy, and is left aside.
function seconds(header: string | null): number | undefined {
  return header !== null && /^\d{1,9}$/.test(header.trim()) ? Number(header) : undefined;
}
