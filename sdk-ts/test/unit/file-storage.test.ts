import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

import { fileStorage } from "../../src/node.js";
import { FakeDevAuth } from "../support/fake.js";

let dir: string;
let path: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "devauth-sdk-"));
  path = join(dir, "deep", "session.json");
});
afterEach(() => rm(dir, { recursive: true }));

it("keeps a session for the next run, readable by its user alone", async () => {
  const fake = new FakeDevAuth();
  await fake.loggedIn({ storage: fileStorage(path) });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const next = fake.client({ storage: fileStorage(path) });
  expect(await next.getAccessToken()).toBe("a1");
  await next.logout();
  expect(await next.getAccessToken()).toBeNull();
  expect(await readdir(join(dir, "deep"))).toEqual(["session.json"]);
});

it("lets one at a time refresh", async () => {
  const fake = new FakeDevAuth();
  const clients = [await fake.loggedIn({ storage: fileStorage(path) })];
  for (let more = 0; more < 4; more++) clients.push(fake.client({ storage: fileStorage(path) }));
  fake.expire();
  await Promise.all(clients.map((client) => client.getMe()));
  expect(fake.refreshes).toBe(1);
});

it("takes over the lock of a process that died", async () => {
  const fake = new FakeDevAuth();
  const client = await fake.loggedIn({ storage: fileStorage(path) });
  await writeFile(`${path}.lock`, "");
  const past = new Date(Date.now() - 60_000);
  await utimes(`${path}.lock`, past, past);
  fake.expire();
  await client.getMe();
  expect(fake.refreshes).toBe(1);
});

it("reads a file that is damaged as one without a session", async () => {
  const storage = fileStorage(path);
  await storage.setItem("key", "value");
  await writeFile(path, "{");
  expect(await storage.getItem("key")).toBeNull();
});
