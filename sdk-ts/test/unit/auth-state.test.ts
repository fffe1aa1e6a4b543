import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { AuthChange } from "../../src/index.js";
import { broken, FakeDevAuth, json, problem, sharedStorage, user } from "../support/fake.js";

const password = "nine-otters-drink-tea";
const watch = async (client: { onAuthStateChange(listener: (change: AuthChange) => void): () => void }) => {
  const changes: AuthChange[] = [];
  const stop = client.onAuthStateChange((change) => changes.push(change));
  await vi.waitUntil(() => changes.length);
  return { changes, stop, events: () => changes.map((change) => change.event) };
};

describe("onAuthStateChange", () => {
  it("tells a new listener who is logged in", async () => {
    expect((await watch(new FakeDevAuth().client())).changes).toEqual([{ event: "initial", user: null }]);
    expect((await watch(await new FakeDevAuth().loggedIn())).changes).toEqual([{ event: "initial", user }]);
  });

  it("tells login, refresh, changes of the user and logout, in order", async () => {
    const fake = new FakeDevAuth();
    const client = fake.client();
    const { changes, events } = await watch(client);
    await client.login({ email: user.email, password });
    fake.expire();
    await client.getMe();
    const renamed = { ...user, email: "ada@example.com" };
    fake.on("GET /v1/auth/me", () => json(200, { user: renamed }));
    await client.getMe();
    await client.getMe();
    await client.logout();
    expect(events()).toEqual(["initial", "signed_in", "refreshed", "user_changed", "signed_out"]);
    expect(changes[3]!.user).toEqual(renamed);
    expect(changes[4]).toEqual({ event: "signed_out", user: null, reason: "logout" });
  });

  it("tells nothing any more once it was stopped, or the client closed", async () => {
    const client = new FakeDevAuth().client();
    const [stopped, closed] = [await watch(client), await watch(client)];
    stopped.stop();
    client.close();
    await client.login({ email: user.email, password });
    expect([...stopped.events(), ...closed.events()]).toEqual(["initial", "initial"]);
  });

  it("goes on after a listener that throws", async () => {
    const client = new FakeDevAuth().client();
    const reported: unknown[] = [];
    const report = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((task) => {
      try {
        task();
      } catch (error) {
        reported.push(error);
      }
    });
    client.onAuthStateChange((change) => {
      if (change.event === "signed_in") throw new Error("oops");
    });
    const { events } = await watch(client);
    await client.login({ email: user.email, password });
    report.mockRestore();
    expect(events()).toEqual(["initial", "signed_in"]);
    expect(reported).toEqual([new Error("oops")]);
  });
});

describe("what another client on the same storage does", () => {
  const pair = async () => {
    const fake = new FakeDevAuth();
    const { storage, values } = sharedStorage(true);
    const listeners = new Set<() => void>();
    const own = () => {
      const mine = new Set<() => void>();
      const told = (): void => listeners.forEach((listener) => mine.has(listener) || listener());
      return {
        ...storage,
        setItem: (key: string, value: string) => (storage.setItem(key, value), told()),
        removeItem: (key: string) => (storage.removeItem(key), told()),
        subscribe: (_key: string, changed: () => void) => {
          mine.add(changed);
          listeners.add(changed);
          return () => void listeners.delete(changed);
        },
      };
    };
    const one = await fake.loggedIn({ storage: own() });
    const two = fake.client({ storage: own() });
    return { fake, one, two, seen: await watch(two), values };
  };

  it("is told: refresh, logout, login", async () => {
    const { fake, one, seen } = await pair();
    fake.expire();
    await one.getMe();
    await vi.waitUntil(() => seen.events().includes("refreshed"));
    await one.logout();
    await vi.waitUntil(() => seen.events().includes("signed_out"));
    await one.login({ email: user.email, password });
    await vi.waitUntil(() => seen.events().includes("signed_in"));
    expect(seen.events()).toEqual(["initial", "refreshed", "signed_out", "signed_in"]);
    expect(seen.changes[2]).toEqual({ event: "signed_out", user: null, reason: "elsewhere" });
  });

  it("counts for the next call: after a logout there, nobody is logged in here", async () => {
    const { one, two } = await pair();
    await one.logout();
    await expect(two.getMe()).rejects.toMatchObject({ code: "not_logged_in" });
  });

  it("may be garbage, which is no session", async () => {
    for (const garbage of ["", "{", "null", "[]", '"text"', '{"access_token": 1}', '{"access_token":"a","refresh_token":"r"}']) {
      const { two, values } = await pair();
      values.set(`devauth.${user.app_id}`, garbage);
      expect(await two.getAccessToken()).toBeNull();
    }
  });
});

describe("logout", () => {
  it("forgets the session even if DevAuth can't be told, and says so", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/logout", broken);
    const client = await fake.loggedIn({ retries: 0 });
    await expect(client.logout()).rejects.toMatchObject({ name: "NetworkError" });
    expect(await client.getAccessToken()).toBeNull();
  });

  it("of nobody does nothing", async () => {
    const fake = new FakeDevAuth();
    await fake.client().logout();
    expect(fake.seen).toHaveLength(0);
  });

  it("everywhere keeps the session if DevAuth can't be reached", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/logout/all", broken, () => json(204, undefined));
    const client = await fake.loggedIn({ retries: 0 });
    await expect(client.logoutAll()).rejects.toMatchObject({ name: "NetworkError" });
    expect(await client.getAccessToken()).toBe("a1");
    await client.logoutAll();
    expect(await client.getAccessToken()).toBeNull();
  });

  it("everywhere succeeds if only its answer was lost", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/logout/all", () => problem(401, "invalid_token"));
    fake.on("POST /v1/auth/refresh", () => problem(401, "invalid_token"));
    const client = await fake.loggedIn();
    await client.logoutAll();
    expect(await client.getAccessToken()).toBeNull();
  });
});

describe("what ends the session from within", () => {
  it("a password reset of the same user", async () => {
    const fake = new FakeDevAuth().on("POST /v1/auth/password/reset/confirm", () => json(200, { user }));
    const client = await fake.loggedIn();
    await client.confirmPasswordReset({ token: "t", password });
    expect(await client.getAccessToken()).toBeNull();
  });

  it("not a reset of somebody else", async () => {
    const other = { ...user, id: "usr_other" };
    const fake = new FakeDevAuth().on("POST /v1/auth/password/reset/confirm", () => json(200, { user: other }));
    const client = await fake.loggedIn();
    await client.confirmPasswordReset({ token: "t", password });
    expect(await client.getAccessToken()).toBe("a1");
  });

  it("revoking the session that the access token names", async () => {
    const fake = new FakeDevAuth();
    const token = `x.${btoa(JSON.stringify({ sid: "ses_mine" }))}.y`;
    fake.on("POST /v1/auth/login", () => json(200, { ...fake.tokens(), access_token: token }));
    fake.on("DELETE /v1/auth/sessions/ses_other", () => json(204, undefined));
    fake.on("DELETE /v1/auth/sessions/ses_mine", () => json(204, undefined));
    const client = await fake.loggedIn();
    await client.revokeSession("ses_other");
    expect(await client.getAccessToken()).toBe(token);
    await client.revokeSession("ses_mine");
    expect(await client.getAccessToken()).toBeNull();
  });
});

describe("fetch, for one's own backend", () => {
  let backend: ReturnType<typeof vi.fn>;
  beforeEach(() => void vi.stubGlobal("fetch", (backend = vi.fn())));
  afterEach(() => void vi.unstubAllGlobals());
  const tokens = () => backend.mock.calls.map(([, init]) => new Headers(init.headers).get("authorization"));

  it("sends the token, and after a 401 a new one, once", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn();
    fake.expire();
    backend.mockResolvedValueOnce(new Response("", { status: 401 })).mockResolvedValueOnce(new Response("yes"));
    const answer = await client.fetch("https://api.example.com/orders", { method: "POST", headers: { "x-own": "1" }, body: "{}" });
    expect(await answer.text()).toBe("yes");
    expect(tokens()).toEqual(["Bearer a1", "Bearer a2"]);
    expect(backend.mock.calls[1]![1]).toMatchObject({ method: "POST", body: "{}" });
  });

  it("sends a stream once: it can't be repeated", async () => {
    const client = await new FakeDevAuth().loggedIn();
    backend.mockResolvedValue(new Response("", { status: 401 }));
    expect((await client.fetch("https://api.example.com/", { method: "POST", body: new ReadableStream() })).status).toBe(401);
    expect(backend).toHaveBeenCalledTimes(1);
  });

  it("without a session sends no token, and passes a 401 on", async () => {
    backend.mockResolvedValue(new Response("", { status: 401 }));
    expect((await new FakeDevAuth().client().fetch("https://api.example.com/")).status).toBe(401);
    expect(tokens()).toEqual([null]);
  });
});
