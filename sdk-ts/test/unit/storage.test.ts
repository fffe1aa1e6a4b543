// @vitest-environment jsdom
import { afterEach, describe, expect, it, vi } from "vitest";

import { type AuthChange, browserStorage, type CookieOptions, cookieStorage, memoryStorage } from "../../src/index.js";
import { FakeDevAuth, user } from "../support/fake.js";

const key = `devauth.${user.app_id}`;
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
  localStorage.clear();
});

describe("browserStorage", () => {
  it("is what a client in a page uses unless told otherwise", async () => {
    const fake = new FakeDevAuth();
    const options = { storage: undefined } as object;
    await fake.loggedIn(options);
    expect(localStorage.getItem(key)).toContain("r1");
    expect(await fake.client(options).getAccessToken()).toBe("a1");
  });

  it("falls back to memory when localStorage is blocked", async () => {
    vi.spyOn(window, "localStorage", "get").mockImplementation(() => {
      throw new DOMException("denied", "SecurityError");
    });
    const client = await new FakeDevAuth().loggedIn({ storage: browserStorage() });
    expect(await client.getAccessToken()).toBe("a1");
    await client.logout();
    expect(await client.getAccessToken()).toBeNull();
  });

  it("falls back to memory when localStorage is full, and leaves no old token behind", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn({ storage: browserStorage() });
    vi.spyOn(Storage.prototype, "setItem").mockImplementation(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    fake.expire();
    await client.getMe();
    expect(await client.getAccessToken()).toBe("a2");
    expect(localStorage.getItem(key)).toBeNull();
  });

  it("comes back to localStorage when there is room again", async () => {
    const storage = browserStorage();
    vi.spyOn(Storage.prototype, "setItem").mockImplementationOnce(() => {
      throw new DOMException("full", "QuotaExceededError");
    });
    storage.setItem(key, "one");
    storage.setItem(key, "two");
    expect(localStorage.getItem(key)).toBe("two");
    expect(storage.getItem(key)).toBe("two");
  });

  it("hears of other tabs, and of its own key alone", async () => {
    const client = await new FakeDevAuth().loggedIn({ storage: browserStorage() });
    const changes: AuthChange[] = [];
    client.onAuthStateChange((change) => changes.push(change));
    await vi.waitUntil(() => changes.length);
    localStorage.removeItem(key);
    const { localStorage: storageArea } = window;
    dispatchEvent(new StorageEvent("storage", { key: "another", storageArea }));
    dispatchEvent(new StorageEvent("storage", { key, storageArea }));
    await vi.waitUntil(() => changes.length > 1);
    expect(changes.slice(1)).toEqual([{ event: "signed_out", user: null, reason: "elsewhere" }]);
  });
});

describe("Web Locks", () => {
  const locks = (request: unknown): void => void vi.stubGlobal("navigator", { locks: { request } });

  it("are held while tokens are refreshed", async () => {
    const held: string[] = [];
    locks(async (name: string, _options: unknown, work: () => unknown) => {
      held.push(name);
      return work();
    });
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn({ storage: browserStorage() });
    fake.expire();
    await client.getMe();
    expect(held).toEqual([key]);
  });

  it("may arrive before what the other tab kept under them: that is waited for, and not refreshed again", async () => {
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn({ storage: browserStorage() });
    locks(async (_name: string, { ifAvailable }: LockOptions, work: (lock: unknown) => unknown) => {
      if (ifAvailable) return work(null);
      const old = JSON.parse(localStorage.getItem(key)!);
      setTimeout(() => localStorage.setItem(key, JSON.stringify({ ...old, access_token: "a2", refresh_token: "r2" })), 50);
      return work({});
    });
    fake.expire();
    expect(await client.getMe()).toEqual(user);
    expect(fake.refreshes).toBe(0);
  });

  it("that another tab left without a refresh don't stop anybody", async () => {
    locks(async (_name: string, { ifAvailable }: LockOptions, work: (lock: unknown) => unknown) => work(ifAvailable ? null : {}));
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn({ storage: browserStorage() });
    fake.expire();
    expect(await client.getMe()).toEqual(user);
    expect(fake.refreshes).toBe(1);
  });

  it("that never come don't stop anybody", async () => {
    vi.useFakeTimers();
    locks((_name: string, { ifAvailable, signal }: LockOptions, work: (lock: unknown) => unknown) =>
      ifAvailable
        ? Promise.resolve(work(null))
        : new Promise((_resolve, reject) => signal!.addEventListener("abort", () => reject(signal!.reason))),
    );
    const fake = new FakeDevAuth();
    const client = await fake.loggedIn({ storage: browserStorage() });
    fake.expire();
    const call = client.getMe();
    await vi.runAllTimersAsync();
    vi.useRealTimers();
    expect(await call).toEqual(user);
  });
});

it("memoryStorage is each client's own", async () => {
  const fake = new FakeDevAuth();
  await fake.loggedIn({ storage: memoryStorage() });
  expect(await fake.client({ storage: memoryStorage() }).getAccessToken()).toBeNull();
});

describe("cookieStorage", () => {
  const jar = () => {
    const cookies = new Map<string, string>();
    const written: CookieOptions[] = [];
    const storage = cookieStorage({
      get: (name) => (cookies.has(name) ? { value: cookies.get(name)! } : undefined),
      set: (name, value, options) => {
        written.push(options);
        if (options.maxAge === 0) cookies.delete(name);
        else cookies.set(name, value);
      },
    });
    return { cookies, storage, written };
  };

  it("keeps a session in cookies that scripts can't read", async () => {
    const { storage, cookies, written } = jar();
    const fake = new FakeDevAuth();
    await fake.loggedIn({ storage });
    expect([...cookies.keys()]).toEqual([`${key}.0`]);
    expect([...cookies.values()][0]).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(written[0]).toEqual({ path: "/", httpOnly: true, secure: true, sameSite: "lax", maxAge: 604_800 });
    expect(await fake.client({ storage }).getAccessToken()).toBe("a1");
  });

  it("cuts what is too long for one cookie, and cleans up when it gets shorter", async () => {
    const { storage, cookies } = jar();
    const long = JSON.stringify({ text: "ü".repeat(3000) });
    await storage.setItem(key, long);
    expect(cookies.size).toBe(3);
    for (const [name, value] of cookies) expect(name.length + value.length).toBeLessThan(3900);
    expect(await storage.getItem(key)).toBe(long);
    await storage.setItem(key, "short");
    expect([...cookies.keys()]).toEqual([`${key}.0`]);
    await storage.removeItem(key);
    expect(cookies.size).toBe(0);
    expect(await storage.getItem(key)).toBeNull();
  });
});
