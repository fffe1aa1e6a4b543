import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./api-types.gen";
import { ApiError, NetworkError, type Problem } from "./problem";

/** Turns every answer that is not a success into an `ApiError`, and a missing answer into a `NetworkError`. */
const problems: Middleware = {
  async onResponse({ response }) {
    if (!response.ok) throw await problem(response);
  },
  onError({ error }) {
    if (error instanceof ApiError || isAbort(error)) return undefined;
    return new NetworkError();
  },
};

/**
 * The API, typed by its OpenAPI document. The session is an HttpOnly cookie that the browser sends by itself: no token is
 * ever in reach of a script.
 */
export const client = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: "same-origin",
  // Looked up at each call, so that tests can put another one in its place.
  fetch: (request) => globalThis.fetch(request),
});
client.use(problems);

/** The body of a successful answer; failures were thrown already. */
export async function body<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T;
}

async function problem(response: Response): Promise<ApiError> {
  const retryAfter = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  const said: unknown = await response.json().catch(() => null);
  return new ApiError(isProblem(said) ? said : unreadable(response.status), Number.isNaN(retryAfter) ? undefined : retryAfter);
}

function isProblem(said: unknown): said is Problem {
  return typeof said === "object" && said !== null && "code" in said && "detail" in said;
}

/** Something between us and the service answered in its place, most likely a proxy. */
function unreadable(status: number): Problem {
  return {
    type: "about:blank",
    title: "Unreadable answer",
    status,
    code: status >= 500 ? "unavailable" : "internal",
    detail: `The server answered with status ${status}.`,
    request_id: "",
  };
}

function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
