/** What operators do to DevAuth while clients use it. */
import { afterAll, beforeAll, expect, it } from "vitest";

import type { AuthChange } from "../../src/index.js";
import { Service } from "../support/service.js";

let service: Service;
beforeAll(async () => void (service = await Service.start()));
afterAll(() => service.remove());

const kid = (token: string | null): string => JSON.parse(atob(token!.split(".")[0]!)).kid;

// First, because a node that was killed counts as running for a minute, and a rotation waits for it.
it("the signing key is replaced, and the old one taken away: nobody is logged out", { timeout: 90_000 }, async () => {
  const { client, email } = await service.loggedIn();
  const changes: AuthChange[] = [];
  client.onAuthStateChange((change) => changes.push(change));
  const old = kid(await client.getAccessToken());

  await service.command("keys", "rotate", "signing", "--publish");
  expect((await client.getMe()).email).toBe(email);
  await service.command("keys", "rotate", "signing", "--sign", "--force");
  expect((await client.getMe()).email).toBe(email);
  expect(kid(await client.getAccessToken())).toBe(old);
  await service.command("keys", "rotate", "signing", "--retire", "--force");

  expect((await client.getMe()).email).toBe(email);
  expect(kid(await client.getAccessToken())).not.toBe(old);
  expect(changes.map((change) => change.event)).toEqual(["initial", "refreshed"]);
});

it("the service restarts, also by kill -9: calls fail while it is away, sessions don't", async () => {
  const { client, email } = await service.loggedIn({ retries: 0 });
  const changes: AuthChange[] = [];
  client.onAuthStateChange((change) => changes.push(change));
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await service.down(signal);
    await expect(client.getMe()).rejects.toMatchObject({ name: "NetworkError", code: "network_error" });
    await service.up();
    expect((await client.getMe()).email).toBe(email);
  }
  expect(changes.map((change) => change.event)).toEqual(["initial"]);
});

it("a call that meets the restart waits for it, if it is safe to repeat", async () => {
  const { client, email } = await service.loggedIn({ retries: 6 });
  await service.down();
  const call = client.getMe();
  await service.up();
  expect((await call).email).toBe(email);
});
