/** Access tokens that end, refreshed by many at once, with the real DevAuth. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";

import { type AuthChange, type AuthStorage, memoryStorage } from "../../src/index.js";
import { fileStorage } from "../../src/node.js";
import { Service } from "../support/service.js";

let service: Service;
// An access token that lives for a second can be seen to die.
beforeAll(async () => void (service = await Service.start({ DEVAUTH_ACCESS_TOKEN_TTL: "1s" })));
afterAll(() => service.remove());
afterEach(() => void vi.useRealTimers());

/** A `fetch` that counts refreshes, and a storage that lets the client believe its token lives for long. */
const counting = () => {
  let refreshes = 0;
  const fetch = (url: string, init?: RequestInit): Promise<Response> => {
    if (url.endsWith("/refresh")) refreshes += 1;
    return globalThis.fetch(url, init);
  };
  return { fetch, refreshes: () => refreshes };
};
const believing = (storage: AuthStorage): AuthStorage => ({
  ...storage,
  setItem: (key, value) => storage.setItem(key, JSON.stringify({ ...JSON.parse(value), expires_at: Date.now() + 600_000 })),
});

/** Waits until DevAuth refuses the token: a second, and five of leeway. */
const dead = async (token: string): Promise<void> => {
  const headers = { "x-app-id": service.app.appId, "x-api-key": service.app.publishableKey, authorization: `Bearer ${token}` };
  await vi.waitUntil(async () => (await fetch(`${service.url}/v1/auth/me`, { headers })).status === 401, { timeout: 15_000, interval: 100 });
};

it("twenty calls that meet a 401 together cause one refresh", async () => {
  const { fetch, refreshes } = counting();
  const { client, email } = await service.loggedIn({ fetch, storage: believing(memoryStorage()) });
  await dead((await client.getAccessToken())!);
  const users = await Promise.all(Array.from({ length: 20 }, () => client.getMe()));
  expect(new Set(users.map((user) => user.email))).toEqual(new Set([email]));
  expect(refreshes()).toBe(1);
});

it("two clients without a lock refresh at once, and nobody is logged out", async () => {
  const { fetch, refreshes } = counting();
  const { lock: _, ...unlocked } = memoryStorage();
  const storage = believing(unlocked as AuthStorage);
  const { client } = await service.loggedIn({ fetch, storage });
  const other = service.client({ fetch, storage });
  await dead((await client.getAccessToken())!);
  const changes: AuthChange[] = [];
  client.onAuthStateChange((change) => changes.push(change));
  for (let round = 0; round < 3; round++) await Promise.all([client.getMe(), other.getMe()]);
  expect(refreshes()).toBeLessThanOrEqual(2);
  expect(changes.map((change) => change.event)).not.toContain("signed_out");
});

describe("two processes on one file", () => {
  let dir: string;
  const children: ChildProcess[] = [];
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill();
    await rm(dir, { recursive: true });
  });

  it("refresh once, and have the same token afterwards", async () => {
    dir = await mkdtemp(join(tmpdir(), "devauth-sdk-"));
    const path = join(dir, "session.json");
    const { client } = await service.loggedIn({ storage: believing(fileStorage(path)) });
    const old = (await client.getAccessToken())!;
    await dead(old);
    const { appId, publishableKey } = service.app;
    for (let process = 0; process < 2; process++) {
      const child = fork("test/support/getme-process.mjs", [service.url, appId, publishableKey, path]);
      children.push(child);
      await once(child, "message");
    }
    const answers = children.map((child) => once(child, "message"));
    for (const child of children) child.send("go");
    const [[first], [second]] = (await Promise.all(answers)) as [[any], [any]];
    expect(first.user).toMatch(/^usr_/);
    // Had both refreshed, each would have got an access token of its own.
    expect(second).toEqual(first);
    expect(first.token).not.toBe(old);
  });
});

it("a copied refresh token that is used late ends the session, and the reason is told", async () => {
  const short = await Service.start({ DEVAUTH_REFRESH_GRACE: "0s" });
  try {
    const storage = memoryStorage();
    const { client } = await short.loggedIn({ storage });
    const changes: AuthChange[] = [];
    client.onAuthStateChange((change) => changes.push(change));
    const key = `devauth.${short.app.appId}`;
    const copied = await storage.getItem(key);
    const expired = (text: string): string => JSON.stringify({ ...JSON.parse(text), expires_at: 0 });
    await storage.setItem(key, expired(copied!));
    await client.getMe();
    await storage.setItem(key, expired(copied!));
    await expect(client.getMe()).rejects.toMatchObject({ code: "not_logged_in" });
    expect(changes.at(-1)).toEqual({ event: "signed_out", user: null, reason: "reused" });
  } finally {
    await short.remove();
  }
});

it.each([
  ["ahead", 3_600_000],
  ["behind", -3_600_000],
])("a clock an hour %s costs at most a refresh", async (_where, skew) => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + skew);
  const { client, email } = await service.loggedIn();
  expect((await client.getMe()).email).toBe(email);
  vi.setSystemTime(Date.now() - 2 * skew);
  expect((await client.getMe()).email).toBe(email);
  expect((await client.getMe()).email).toBe(email);
});
