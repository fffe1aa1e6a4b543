/** The server entry in real frameworks, with tokens of the real DevAuth. */
import type { AddressInfo } from "node:net";
import express from "express";
import fastify from "fastify";
import { NextRequest } from "next/server.js";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";

import { bearerToken, devauthFastify, expressAuth, TokenVerifier, withAuth } from "../../src/server.js";
import { Service } from "../support/service.js";

let service: Service;
beforeAll(async () => void (service = await Service.start()));
afterAll(() => service.remove());

type Ask = (authorization?: string) => Promise<Response>;
const local = () => new TokenVerifier({ baseUrl: service.url, appId: service.app.appId });
const strict = () => new TokenVerifier({ baseUrl: service.url, appId: service.app.appId, apiKey: service.app.secretKey, strict: true });
const away = () => new TokenVerifier({ baseUrl: "http://127.0.0.1:9", appId: service.app.appId });

const header = (authorization?: string): Record<string, string> => (authorization === undefined ? {} : { authorization });

const frameworks: [string, (verifier: TokenVerifier) => Promise<Ask>][] = [
  [
    "Express",
    async (verifier) => {
      const app = express();
      app.get("/me", expressAuth(verifier), (request, response) => void response.json({ sub: request.auth!.sub }));
      const server = app.listen(0, "127.0.0.1");
      onTestFinished(() => void server.close());
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      return (authorization) => fetch(`http://127.0.0.1:${port}/me`, { headers: header(authorization) });
    },
  ],
  [
    "Fastify",
    async (verifier) => {
      const app: any = fastify();
      onTestFinished(() => app.close());
      await app.register(devauthFastify, { verifier });
      app.get("/me", { preHandler: app.authenticate }, async (request: any) => ({ sub: request.auth.sub }));
      app.get("/open", async (request: any) => ({ auth: request.auth }));
      const url = await app.listen({ port: 0, host: "127.0.0.1" });
      expect(await (await fetch(`${url}/open`)).json()).toEqual({ auth: null });
      return (authorization) => fetch(`${url}/me`, { headers: header(authorization) });
    },
  ],
  [
    "a Next.js route handler",
    async (verifier) => {
      const GET = withAuth(verifier, async (request: NextRequest & { auth?: unknown }, context: { params: Promise<{ id: string }> }) =>
        Response.json({ sub: (request.auth as any).sub, path: request.nextUrl.pathname, ...(await context.params) }),
      );
      return (authorization) => {
        const request = new NextRequest("https://shop.example.com/me", { headers: header(authorization) });
        return GET(request, { params: Promise.resolve({ id: "1" }) });
      };
    },
  ],
];

describe.each(frameworks)("%s", (_name, start) => {
  it("lets a good token through, and says who it is", async () => {
    const { client } = await service.loggedIn();
    const token = await client.getAccessToken();
    const { id } = await client.getMe();
    for (const verifier of [local(), strict()]) {
      const answer = await (await start(verifier))(`Bearer ${token}`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ sub: id });
    }
  });

  it.each([undefined, "", "Bearer", "Bearer x", "Basic YTpi"])("refuses %j", async (authorization) => {
    const answer = await (await start(local()))(authorization);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/^Bearer/);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(await answer.json()).toMatchObject({ status: 401, code: "invalid_token" });
  });

  it("answers 503 and lets nobody through when DevAuth can't be asked", async () => {
    const { client } = await service.loggedIn();
    const answer = await (await start(away()))(`Bearer ${await client.getAccessToken()}`);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
  });

  it("knows of a logout at once in strict mode, and with the token's end in local mode", async () => {
    const { client } = await service.loggedIn();
    const token = `Bearer ${await client.getAccessToken()}`;
    await client.logout();
    expect((await (await start(strict()))(token)).status).toBe(401);
    expect((await (await start(local()))(token)).status).toBe(200);
  });
});

it("Express can let anonymous requests through, and never bad tokens", async () => {
  const app = express();
  app.get("/", expressAuth(local(), { optional: true }), (request, response) => void response.json({ sub: request.auth?.sub ?? null }));
  const server = app.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  expect(await (await fetch(url)).json()).toEqual({ sub: null });
  expect((await fetch(url, { headers: { authorization: "Bearer x" } })).status).toBe(401);
});

it("introspection answers what DevAuth knows", async () => {
  const { client, email } = await service.loggedIn();
  const token = (await client.getAccessToken())!;
  expect(await strict().introspect(token)).toMatchObject({ active: true, email, username: email, token_type: "Bearer" });
  await client.logout();
  expect(await strict().introspect(token)).toEqual({ active: false });
});

it("tokens of a new signing key are good at once, those of one that was taken away are not", { timeout: 60_000 }, async () => {
  const { client } = await service.loggedIn();
  const verifier = local();
  const old = (await client.getAccessToken())!;
  await verifier.verify(old);
  await service.command("keys", "rotate", "signing", "--publish");
  await service.command("keys", "rotate", "signing", "--sign", "--force");
  const { client: another } = await service.loggedIn();
  await verifier.verify((await another.getAccessToken())!);
  await verifier.verify(old);
  await service.command("keys", "rotate", "signing", "--retire", "--force");
  await expect(local().verify(old)).rejects.toMatchObject({ code: "invalid_token" });
});

it("a bearer token is read as RFC 6750 writes it", () => {
  expect(bearerToken("Bearer abc.def-_~+/=")).toBe("abc.def-_~+/=");
  expect(bearerToken("bearer abc")).toBe("abc");
  for (const other of [null, undefined, "", "Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "Basic abc", "abc"]) {
    expect(bearerToken(other)).toBeUndefined();
  }
});
