import { describe, expect, it } from "vitest";

import * as sdk from "../../src/index.js";
import { FakeDevAuth, json, problem } from "../support/fake.js";

const failure = async (reply: () => Response): Promise<any> => {
  const fake = new FakeDevAuth().on("POST /v1/auth/login", reply);
  return fake.client({ retries: 0 }).login({ email: "a@example.org", password: "secret-password" }).catch((error) => error);
};

describe("an answer that is not a success", () => {
  it.each([
    [400, "BadRequestError"],
    [401, "AuthenticationError"],
    [403, "PermissionDeniedError"],
    [404, "NotFoundError"],
    [405, "BadRequestError"],
    [409, "ConflictError"],
    [422, "ValidationError"],
    [429, "RateLimitError"],
    [500, "ServerError"],
    [503, "UnavailableError"],
  ] as const)("becomes, with %i, a %s", async (status, name) => {
    const error = await failure(() => problem(status, "some_code"));
    expect(error).toBeInstanceOf(sdk[name]);
    expect(error).toBeInstanceOf(sdk.ApiError);
    expect(error).toBeInstanceOf(sdk.DevAuthError);
    expect(error).toMatchObject({ name, status, code: "some_code", requestId: "req-12345678", message: "It is some_code." });
  });

  it("carries the unacceptable values of a 422", async () => {
    const errors = [{ pointer: "/password", code: "too_short", message: "must be at least 8 characters long" }];
    expect((await failure(() => problem(422, "validation_failed", {}, { errors }))).errors).toEqual(errors);
  });

  it("carries Retry-After in seconds", async () => {
    expect((await failure(() => problem(429, "account_locked", { "retry-after": "840" }))).retryAfter).toBe(840);
  });

  it("of a proxy gets a code from its status and the id from the header", async () => {
    const error = await failure(() => new Response("<h1>Bad gateway</h1>", { status: 502, headers: { "x-request-id": "req-proxied" } }));
    expect(error).toMatchObject({ name: "UnavailableError", status: 502, code: "http_502", requestId: "req-proxied" });
  });

  it("never holds what was sent", async () => {
    const error = await failure(() => problem(401, "invalid_credentials"));
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain("secret-password");
  });
});

describe("a success that is not DevAuth's", () => {
  it.each([
    ["a page", () => new Response("<h1>Hotel login</h1>", { status: 200 })],
    ["a list", () => json(200, [])],
    ["an object without tokens", () => json(200, { hello: "there" })],
    ["nothing", () => json(200, undefined)],
  ])("is a NetworkError: %s", async (_what, reply) => {
    expect(await failure(reply)).toBeInstanceOf(sdk.NetworkError);
  });

  it("is not followed if it is a redirect", async () => {
    expect(await failure(() => json(302, undefined, { location: "https://elsewhere.example" }))).toMatchObject({
      name: "NetworkError",
      code: "redirected",
    });
  });
});
