import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { broken, FakeDevAuth, json, problem, user } from "../support/fake.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Lets all pauses pass. */
const settle = async <T>(promise: Promise<T>): Promise<T | Error> => {
  const settled = promise.catch((error: Error) => error);
  await vi.runAllTimersAsync();
  return settled;
};
const signup = { email: user.email, password: "nine-otters-drink-tea" };

describe("a request", () => {
  it("names the application and its key, and nothing else of ours", async () => {
    const fake = new FakeDevAuth();
    await fake.loggedIn();
    expect(Object.fromEntries(fake.seen[0]!.headers)).toEqual({
      accept: "application/json",
      "content-type": "application/json",
      "x-api-key": "dvk_pk_example",
      "x-app-id": user.app_id,
    });
  });

  it("names the user's address if a server gives it", async () => {
    const fake = new FakeDevAuth();
    await fake.loggedIn({ apiKey: "dvk_sk_example", clientAddress: "192.0.2.1" });
    expect(fake.seen[0]!.headers.get("x-devauth-client-ip")).toBe("192.0.2.1");
  });

  it("that gets no answer in time is given up", async () => {
    const never = (_url: string, init?: RequestInit) =>
      new Promise<Response>((_resolve, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal!.reason)));
    const started = Date.now();
    const client = new FakeDevAuth().client({ fetch: never, timeout: 300, retries: 0 });
    expect(await settle(client.login(signup))).toMatchObject({ name: "TimeoutError", code: "timeout" });
    expect(Date.now() - started).toBe(300);
  });

  it("whose body stops in the middle is given up too", async () => {
    const half = async (_url: string, init?: RequestInit) => {
      const body = new ReadableStream({
        start: (controller) => init?.signal?.addEventListener("abort", () => controller.error(init.signal!.reason)),
      });
      return new Response(body, { status: 200 });
    };
    const client = new FakeDevAuth().client({ fetch: half, timeout: 300, retries: 0 });
    expect(await settle(client.login(signup))).toMatchObject({ name: "TimeoutError" });
  });

  it("that its caller gives up is rejected with the caller's reason", async () => {
    const caller = new AbortController();
    const fake = new FakeDevAuth().on("POST /v1/auth/signup", () => {
      caller.abort(new Error("changed my mind"));
      return broken();
    });
    expect(await settle(fake.client().signup(signup, { signal: caller.signal }))).toMatchObject({ message: "changed my mind" });
    expect(fake.seen).toHaveLength(1);
  });
});

describe("a broken connection", () => {
  it("repeats a signup, under one Idempotency-Key", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/signup", broken, broken, () => json(201, { user }));
    expect(await settle(fake.client().signup(signup))).toEqual(user);
    const keys = fake.seen.map((seen) => seen.headers.get("idempotency-key"));
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("gives two signups two keys", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/signup", () => json(201, { user }));
    await fake.client().signup(signup);
    await fake.client().signup(signup);
    expect(fake.seen[0]!.headers.get("idempotency-key")).not.toBe(fake.seen[1]!.headers.get("idempotency-key"));
  });

  it.each([
    ["login", (client: any) => client.login(signup), "POST /v1/auth/login"],
    ["verifyEmail", (client: any) => client.verifyEmail("t"), "POST /v1/auth/email/verify/confirm"],
    ["requestEmailVerification", (client: any) => client.requestEmailVerification("a@b.c"), "POST /v1/auth/email/verify/request"],
    ["requestPasswordReset", (client: any) => client.requestPasswordReset("a@b.c"), "POST /v1/auth/password/reset/request"],
    ["confirmPasswordReset", (client: any) => client.confirmPasswordReset({ token: "t", password: "p" }), "POST /v1/auth/password/reset/confirm"],
  ])("does not repeat %s", async (_name, act, route) => {
    const fake = new FakeDevAuth().on(route, broken);
    expect(await settle(act(fake.client()))).toMatchObject({ name: "NetworkError", code: "network_error" });
    expect(fake.seen).toHaveLength(1);
  });

  it("repeats a read", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    fake.on("GET /v1/auth/me", broken, () => json(200, { user }));
    expect(await settle(client.getMe())).toEqual(user);
  });
});

describe("a request that was turned away", () => {
  it("waits for Retry-After before it comes again", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/login", () => problem(429, "rate_limited", { "retry-after": "7" }), () => json(200, fake.tokens()));
    const started = Date.now();
    expect(await settle(fake.client().login(signup))).toEqual(user);
    expect(Date.now() - started).toBeGreaterThanOrEqual(7000);
  });

  it("is not held back for longer than maxRetryWait", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/login", () => problem(429, "rate_limited", { "retry-after": "7" }));
    expect(await settle(fake.client({ maxRetryWait: 5000 }).login(signup))).toMatchObject({ code: "rate_limited", retryAfter: 7 });
    expect(fake.seen).toHaveLength(1);
  });
});

it("strict signup mode answers null", async () => {
  const fake = new FakeDevAuth().on("POST /v1/auth/signup", () => json(202, undefined));
  expect(await fake.client().signup(signup)).toBeNull();
});
