/** Everything a client can do, with the real DevAuth. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { type AuthChange, memoryStorage } from "../../src/index.js";
import { freshAddress, password, Service } from "../support/service.js";

let service: Service;
beforeAll(async () => void (service = await Service.start()));
afterAll(() => service.remove());

it("signup to logout", async () => {
  const client = service.client();
  const changes: AuthChange[] = [];
  client.onAuthStateChange((change) => changes.push(change));
  const email = freshAddress();

  const signedUp = await client.signup({ email, password, metadata: { plan: "free" } });
  expect(signedUp).toMatchObject({ email, email_verified: false, status: "active", metadata: { plan: "free" } });
  expect(await client.getAccessToken()).toBeNull();

  const verified = await client.verifyEmail(await service.mailbox.token(email, "verify-email"));
  expect(verified).toMatchObject({ id: signedUp!.id, email_verified: true });

  expect((await client.login({ email, password })).id).toBe(signedUp!.id);
  expect(await client.getMe()).toMatchObject({ email, email_verified: true });
  const token = await client.getAccessToken();
  expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);

  await client.logout();
  await expect(client.getMe()).rejects.toMatchObject({ code: "not_logged_in" });
  const me = await fetch(`${service.url}/v1/auth/me`, {
    headers: { "x-app-id": service.app.appId, "x-api-key": service.app.publishableKey, authorization: `Bearer ${token}` },
  });
  expect(me.status).toBe(401);
  expect(changes.map((change) => change.event)).toEqual(["initial", "signed_in", "signed_out"]);
});

it("verification mail, once more", async () => {
  const { client, email } = await service.loggedIn();
  const first = await service.mailbox.token(email, "verify-email");
  await client.requestEmailVerification(email);
  const second = await service.mailbox.token(email, "verify-email");
  await expect(client.verifyEmail(first)).rejects.toMatchObject({ name: "BadRequestError", code: "token_invalid" });
  await client.verifyEmail(second);
  expect((await client.getMe()).email_verified).toBe(true);
});

it("a forgotten password", async () => {
  const { client, email } = await service.loggedIn();
  await client.requestPasswordReset(email);
  const token = await service.mailbox.token(email, "reset-password");
  await expect(client.confirmPasswordReset({ token, password: "short" })).rejects.toMatchObject({
    name: "ValidationError",
    errors: [{ pointer: "/password", code: "too_short" }],
  });
  await client.confirmPasswordReset({ token, password: "ten-badgers-bake-bread" });
  expect(await client.getAccessToken()).toBeNull();
  await expect(client.login({ email, password })).rejects.toMatchObject({ code: "invalid_credentials" });
  await client.login({ email, password: "ten-badgers-bake-bread" });
});

it("a changed password ends the other sessions and keeps this one", async () => {
  const { client, email } = await service.loggedIn();
  const other = service.client();
  await other.login({ email, password });
  await expect(client.changePassword({ currentPassword: "wrong", newPassword: "x" })).rejects.toMatchObject({
    name: expect.stringMatching(/AuthenticationError|ValidationError/),
  });
  await client.changePassword({ currentPassword: password, newPassword: "ten-badgers-bake-bread" });
  expect((await client.getMe()).email).toBe(email);
  await expect(other.getMe()).rejects.toMatchObject({ status: 401 });
  expect(await other.getAccessToken()).toBeNull();
});

it("sessions: listed, ended one by one, and all at once", async () => {
  const { client, email } = await service.loggedIn();
  const [second, third] = [service.client(), service.client()];
  await second.login({ email, password });
  await third.login({ email, password });

  const sessions = await client.listSessions();
  expect(sessions).toHaveLength(3);
  expect(sessions.filter((session) => session.current)).toHaveLength(1);
  const ofSecond = (await second.listSessions()).find((session) => session.current)!;
  await client.revokeSession(ofSecond.id);
  await expect(second.getMe()).rejects.toMatchObject({ status: 401 });
  await expect(client.revokeSession(ofSecond.id)).rejects.toMatchObject({ name: "NotFoundError" });

  await client.logoutAll();
  expect(await client.getAccessToken()).toBeNull();
  await expect(third.getMe()).rejects.toMatchObject({ status: 401 });
});

it("ending one's own session by its id logs out here", async () => {
  const { client } = await service.loggedIn();
  const own = (await client.listSessions()).find((session) => session.current)!;
  await client.revokeSession(own.id);
  expect(await client.getAccessToken()).toBeNull();
});

describe("what DevAuth refuses", () => {
  it("a taken address", async () => {
    const { client, email } = await service.loggedIn();
    await expect(client.signup({ email, password })).rejects.toMatchObject({
      name: "ConflictError",
      code: "email_taken",
      status: 409,
      requestId: expect.stringMatching(/^[\w-]{8,64}$/),
    });
  });

  it("a wrong key", async () => {
    const client = service.client({ apiKey: "dvk_pk_wrong" });
    await expect(client.login({ email: freshAddress(), password })).rejects.toMatchObject({ code: "invalid_api_key" });
  });

  it("too many guesses, with the time to wait", async () => {
    const { client, email } = await service.loggedIn();
    for (let guess = 0; guess < 5; guess++) await client.login({ email, password: "wrong" }).catch(() => {});
    await expect(client.login({ email, password })).rejects.toMatchObject({
      name: "RateLimitError",
      code: "account_locked",
      retryAfter: expect.any(Number),
    });
  });

  it("the same guesses count for the user's address when a server names it", async () => {
    const email = freshAddress();
    const from = (clientAddress: string) => service.client({ apiKey: service.app.secretKey, clientAddress, storage: memoryStorage() });
    await from("192.0.2.1").signup({ email, password });
    for (let guess = 0; guess < 5; guess++) await from("192.0.2.1").login({ email, password: "wrong" }).catch(() => {});
    await expect(from("192.0.2.1").login({ email, password })).rejects.toMatchObject({ code: "account_locked" });
    await from("198.51.100.1").login({ email, password });
  });
});

it("one Idempotency-Key, one user", async () => {
  const user = { email: freshAddress(), password };
  const idempotencyKey = `signup-of-${user.email}`.slice(0, 64);
  const first = await service.client().signup(user, { idempotencyKey });
  const second = await service.client().signup(user, { idempotencyKey });
  expect(second).toEqual(first);
});
