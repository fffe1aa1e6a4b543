import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { AuthChange } from "../../src/index.js";
import { broken, FakeDevAuth, json, problem, sharedStorage, user } from "../support/fake.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const settle = async <T>(promise: Promise<T>): Promise<T | Error> => {
  const settled = promise.catch((error: Error) => error);
  await vi.runAllTimersAsync();
  return settled;
};

describe("calls that meet a 401 together", () => {
  it("cause one refresh, and all succeed", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    fake.expire();
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.getMe()));
    expect(answers).toEqual(Array(20).fill(user));
    expect(fake.refreshes).toBe(1);
    expect(fake.count("/v1/auth/me")).toBe(40);
  });

  it("in two clients on one storage cause one refresh under its lock", async () => {
    const fake = new FakeDevAuth();
    const { storage } = sharedStorage(true);
    const one = await fake.loggedIn({ storage });
    const two = fake.client({ storage });
    fake.expire();
    await Promise.all([one.getMe(), two.getMe(), one.getMe(), two.getMe()]);
    expect(fake.refreshes).toBe(1);
  });

  it("a late one finds the new token and does not refresh again", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    let late: (() => void) | undefined;
    fake.on(
      "GET /v1/auth/me",
      () => new Promise<Response>((resolve) => (late = () => resolve(problem(401, "invalid_token")))),
      () => problem(401, "invalid_token"),
      () => json(200, { user }),
    );
    const first = client.getMe();
    await vi.waitUntil(() => late);
    await client.getMe();
    late!();
    await first;
    expect(fake.refreshes).toBe(1);
  });

  it("are repeated once: a token that is refused again is the caller's to know", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    fake.on("GET /v1/auth/me", () => problem(401, "invalid_token"));
    expect(await settle(client.getMe())).toMatchObject({ name: "AuthenticationError", code: "invalid_token" });
    expect(fake.count("/v1/auth/me")).toBe(2);
  });
});

it("a 401 about something else refreshes nothing", async () => {
  const fake = new FakeDevAuth();
  const client = await fake.loggedIn();
  fake.on("POST /v1/auth/password/change", () => problem(401, "invalid_credentials"));
  fake.on("GET /v1/auth/sessions", () => problem(401, "invalid_api_key"));
  expect(await settle(client.changePassword({ currentPassword: "x", newPassword: "y" }))).toMatchObject({ code: "invalid_credentials" });
  expect(await settle(client.listSessions())).toMatchObject({ code: "invalid_api_key" });
  expect(fake.refreshes).toBe(0);
});

describe("a refused refresh", () => {
  it.each([
    ["invalid_token", "ended"],
    ["refresh_token_reused", "reused"],
  ])("with %s ends the session and says %s", async (code, reason) => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    const changes: AuthChange[] = [];
    client.onAuthStateChange((change) => changes.push(change));
    fake.on("GET /v1/auth/me", () => problem(401, "invalid_token")).on("POST /v1/auth/refresh", () => problem(401, code));
    expect(await settle(client.getMe())).toMatchObject({ name: "AuthenticationError" });
    expect(changes.at(-1)).toEqual({ event: "signed_out", user: null, reason });
    expect(changes.filter((change) => change.event === "signed_out")).toHaveLength(1);
    expect(await client.getAccessToken()).toBeNull();
    expect(await settle(client.getMe())).toMatchObject({ name: "NotLoggedInError", code: "not_logged_in" });
  });

  it("is not the end if somebody else was quicker", async () => {
    const fake = new FakeDevAuth();
    const { storage, values } = sharedStorage(false);
    const client = await fake.loggedIn({ storage });
    fake.on("GET /v1/auth/me", () => problem(401, "invalid_token"), () => json(200, { user }));
    fake.on("POST /v1/auth/refresh", () => {
      const [key, kept] = [...values][0]!;
      values.set(key, JSON.stringify({ ...JSON.parse(kept), access_token: "a9", refresh_token: "r9" }));
      return problem(401, "refresh_token_reused");
    });
    expect(await settle(client.getMe())).toEqual(user);
    expect(await client.getAccessToken()).toBe("a9");
  });
});

describe("trouble that is not DevAuth's word on the session", () => {
  it.each([
    ["a broken connection", broken],
    ["unavailable", () => problem(503, "unavailable", { "retry-after": "1" })],
    ["rate_limited", () => problem(429, "rate_limited", { "retry-after": "60" })],
    ["internal", () => problem(500, "internal")],
    ["a revoked API key", () => problem(401, "invalid_api_key")],
    ["a proxy's 401", () => new Response("<h1>Proxy login</h1>", { status: 401 })],
    ["a proxy's 403", () => new Response("", { status: 403 })],
    ["a hotel's login page", () => new Response("<h1>Welcome</h1>", { status: 200 })],
    ["an answer without tokens", () => json(200, { user })],
  ])("leaves the session alone: %s", async (_what, reply) => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    const changes: AuthChange[] = [];
    client.onAuthStateChange((change) => changes.push(change));
    fake.on("GET /v1/auth/me", () => problem(401, "invalid_token")).on("POST /v1/auth/refresh", reply);
    expect(await settle(client.getMe())).toBeInstanceOf(Error);
    expect(changes.map((change) => change.event)).toEqual(["initial"]);

    fake.routes.clear();
    expect(await settle(client.getMe())).toEqual(user);
  });

  it("and a broken connection is tried again while DevAuth still takes the old token", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    fake.expire();
    const refresh = fake.routes.get("POST /v1/auth/refresh")!;
    fake.on("POST /v1/auth/refresh", broken, refresh);
    const started = Date.now();
    expect(await settle(client.getMe())).toEqual(user);
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe("an access token", () => {
  it("is replaced shortly before it expires", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    vi.setSystemTime(Date.now() + 860_000);
    expect(await client.getAccessToken()).toBe("a1");
    vi.setSystemTime(Date.now() + 11_000);
    expect(await client.getAccessToken()).toBe("a2");
  });

  it("that still lives is used when DevAuth can't be reached", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/refresh", broken);
    const client = await fake.loggedIn();
    vi.setSystemTime(Date.now() + 880_000);
    expect(await settle(client.getAccessToken())).toBe("a1");
    vi.setSystemTime(Date.now() + 21_000);
    expect(await settle(client.getAccessToken())).toMatchObject({ name: "NetworkError" });
  });

  it.each([
    ["an hour ahead", 3_600_000],
    ["an hour behind", -3_600_000],
  ])("survives a clock that jumps %s", async (_where, skew) => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    vi.setSystemTime(Date.now() + skew);
    fake.expire();
    expect(await client.getMe()).toEqual(user);
    expect(await client.getMe()).toEqual(user);
    expect(fake.refreshes).toBe(1);
  });
});

describe("a refresh that loses against", () => {
  const racing = async (meanwhile: (client: any, fake: FakeDevAuth) => Promise<unknown>) => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    let answer: (() => void) | undefined;
    const tokens = { ...fake.tokens(), access_token: "old", refresh_token: "old" };
    fake.on("GET /v1/auth/me", () => problem(401, "invalid_token"));
    fake.on("POST /v1/auth/refresh", () => new Promise<Response>((resolve) => (answer = () => resolve(json(200, tokens)))));
    const call = client.getMe().catch((error: Error) => error);
    await vi.waitUntil(() => answer);
    fake.step = 7;
    await meanwhile(client, fake);
    answer!();
    await call;
    return client;
  };

  it("a logout brings nobody back", async () => {
    const client = await racing((client) => client.logout());
    expect(await client.getAccessToken()).toBeNull();
  });

  it("a login leaves the login's tokens in place", async () => {
    const client = await racing((client) => client.login({ email: user.email, password: "x" }));
    expect(await client.getAccessToken()).toBe("a7");
  });
});
