import { expect, it, vi } from "vitest";
import { body, client } from "./client";
import { ApiError, inWords, NetworkError } from "./problem";

const PROBLEM = {
  type: "about:blank",
  title: "Validation failed",
  status: 422,
  code: "validation_failed",
  detail: "Some values are not acceptable; errors lists them.",
  request_id: "r",
  errors: [{ pointer: "/name", code: "required", message: "must not be empty" }],
};

function answer(status: number, said: string, headers: Record<string, string> = {}) {
  vi.stubGlobal("fetch", vi.fn(async () => new Response(said, { status, headers })));
}

const me = () => body(client.GET("/v1/portal/developers/me"));

it("answers with the body", async () => {
  answer(200, `{"developer": {"id": "dev_1"}}`, { "content-type": "application/json" });
  expect(await me()).toEqual({ developer: { id: "dev_1" } });
});

it("throws a problem, with the fields it names and the time to wait", async () => {
  answer(422, JSON.stringify(PROBLEM), { "content-type": "application/problem+json", "retry-after": "7" });
  const error = await me().catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 422, code: "validation_failed", retryAfter: 7, problem: PROBLEM });
});

it("throws a problem where something else answered in the server's place", async () => {
  answer(502, "<h1>Bad gateway</h1>");
  const error = await me().catch((error: unknown) => error);
  expect(error).toMatchObject({ status: 502, code: "unavailable" });
  expect(inWords(error)).toBe("DevAuth can't answer at the moment.");
});

it("throws a NetworkError where nothing answered", async () => {
  vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("failed to fetch")));
  await expect(me()).rejects.toBeInstanceOf(NetworkError);
});

it("sends a body as JSON", async () => {
  answer(202, "");
  await body(client.POST("/v1/portal/developers/email/verify/request", { body: { email: "ada@example.org" } }));
  const request = vi.mocked(fetch).mock.calls[0]?.[0] as Request;
  expect(request.headers.get("content-type")).toBe("application/json");
  expect(await request.json()).toEqual({ email: "ada@example.org" });
});
