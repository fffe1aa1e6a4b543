import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { TokenVerifier, type TokenVerifierOptions } from "../../src/server.js";
import { broken, json, problem } from "../support/fake.js";

const appId = "app_01ja3vks5re0b8n1q2s4t6v8wx";
const baseUrl = "https://auth.example.com";
type Key = Awaited<ReturnType<typeof generateKeyPair>>;
let first: Key;
let second: Key;
beforeAll(async () => {
  [first, second] = await Promise.all([generateKeyPair("RS256"), generateKeyPair("RS256")]);
});

let published: [string, Key][];
let fetched: number;
let reply: (() => Response | Error) | undefined;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
  published = [["k1", first]];
  fetched = 0;
  reply = undefined;
});
afterEach(() => void vi.useRealTimers());

const fetch = async (): Promise<Response> => {
  fetched += 1;
  const answer = reply?.();
  if (answer instanceof Error) throw answer;
  if (answer) return answer;
  const keys = published.map(async ([kid, key]) => ({ ...(await exportJWK(key.publicKey)), kid, alg: "RS256", use: "sig" }));
  return json(200, { keys: await Promise.all(keys) });
};
const verifier = (options: Partial<TokenVerifierOptions> = {}) => new TokenVerifier({ baseUrl, appId, fetch, ...options });

const now = (): number => Math.floor(Date.now() / 1000);
const claims = () => ({
  iss: baseUrl,
  aud: appId,
  app_id: appId,
  client_id: appId,
  sub: "usr_1",
  sid: "ses_1",
  jti: "1",
  iat: now(),
  exp: now() + 900,
  email: "ada@example.org",
  email_verified: true,
});
const token = (change: object = {}, header: object = {}, key = first.privateKey): Promise<string> =>
  new SignJWT({ ...claims(), ...change }).setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: "k1", ...header }).sign(key);
const bad = { name: "AuthenticationError", status: 401, code: "invalid_token" };

it("answers the claims of a good token, and nothing else that is in it", async () => {
  const { client_id: _, ...known } = claims();
  expect(await verifier().verify(await token({ extra: 1 }))).toEqual(known);
});

describe("refuses", () => {
  it.each<[string, object]>([
    ["another issuer", { iss: "https://elsewhere.example" }],
    ["another audience", { aud: "app_other" }],
    ["a list of audiences", { aud: [appId] }],
    ["another application", { app_id: "app_other" }],
    ["another client", { client_id: "app_other" }],
    ["one that is over", { exp: 1 }],
    ["one from the future", { iat: 4_000_000_000, exp: 4_000_000_900 }],
    ["a verified mail that is no boolean", { email_verified: "true" }],
    ["times that are no numbers", { exp: "never" }],
    ...["iss", "aud", "app_id", "sub", "sid", "jti", "iat", "exp", "email", "email_verified"].map(
      (name): [string, object] => [`one without ${name}`, { [name]: undefined }],
    ),
  ])("%s", async (_what, change) => expect(verifier().verify(await token(change))).rejects.toMatchObject(bad));

  it.each([
    ["another type", { typ: "JWT" }],
    ["no type", { typ: undefined }],
    ["no key id", { kid: undefined }],
    ["an unknown key", { kid: "k9" }],
  ])("%s", async (_what, header) => expect(verifier().verify(await token({}, header))).rejects.toMatchObject(bad));

  it("a signature of another key", async () => {
    await expect(verifier().verify(await token({}, {}, second.privateKey))).rejects.toMatchObject(bad);
  });

  it("another algorithm, also when the public key is its secret", async () => {
    const secret = new TextEncoder().encode(JSON.stringify(await exportJWK(first.publicKey)));
    const forged = await new SignJWT(claims()).setProtectedHeader({ alg: "HS256", typ: "at+jwt", kid: "k1" }).sign(secret);
    await expect(verifier().verify(forged)).rejects.toMatchObject(bad);
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const unsigned = `${part({ alg: "none", typ: "at+jwt" })}.${part(claims())}.`;
    await expect(verifier().verify(unsigned)).rejects.toMatchObject(bad);
  });

  it.each(["", "x", "a.b.c", "…", "x".repeat(9000)])("garbage: %.10s", async (text) => {
    await expect(verifier().verify(text)).rejects.toMatchObject(bad);
  });
});

describe("the clock", () => {
  it("may be off by five seconds and not by six", async () => {
    const good = await token({ exp: now() + 10 });
    vi.setSystemTime(Date.now() + 14_000);
    await verifier().verify(good);
    vi.setSystemTime(Date.now() + 2_000);
    await expect(verifier().verify(good)).rejects.toMatchObject(bad);
    await verifier().verify(await token({ iat: now() + 5 }));
    await expect(verifier().verify(await token({ iat: now() + 7 }))).rejects.toMatchObject(bad);
  });

  it("can't be given more tolerance than that", () => {
    for (const clockTolerance of [-1, 6, Number.NaN]) {
      expect(() => verifier({ clockTolerance })).toThrow(expect.objectContaining({ name: "ConfigurationError" }));
    }
  });
});

describe("public keys", () => {
  it("are fetched once for many tokens", async () => {
    const one = verifier();
    await Promise.all(Array.from({ length: 20 }, async () => one.verify(await token())));
    await one.verify(await token());
    expect(fetched).toBe(1);
  });

  it("that are new are found as soon as a token names them", async () => {
    const one = verifier();
    await one.verify(await token());
    published.unshift(["k2", second]);
    vi.setSystemTime(Date.now() + 1_500);
    await one.verify(await token({}, { kid: "k2" }, second.privateKey));
    await one.verify(await token());
    expect(fetched).toBe(2);
  });

  it("are not fetched for each token that names an unknown one", async () => {
    const one = verifier();
    await one.verify(await token());
    for (let forged = 0; forged < 10; forged++) {
      await expect(one.verify(await token({}, { kid: `k${forged + 5}` }))).rejects.toMatchObject(bad);
    }
    expect(fetched).toBe(1);
  });

  it("that were taken away count for five minutes at most", async () => {
    const one = verifier();
    await one.verify(await token());
    published = [["k2", second]];
    vi.setSystemTime(Date.now() + 301_000);
    await expect(one.verify(await token())).rejects.toMatchObject(bad);
  });

  it.each([
    ["a broken connection", broken],
    ["unavailable", () => problem(503, "unavailable")],
    ["a hotel's login page", () => new Response("<h1>Welcome</h1>", { status: 200 })],
    ["something else", () => json(200, { hello: "there" })],
  ])("that can't be fetched say nothing about the token: %s", async (_what, answer) => {
    reply = answer;
    const one = verifier();
    await expect(one.verify(await token())).rejects.toMatchObject({ name: "NetworkError" });
    reply = undefined;
    await one.verify(await token());
  });

  it("are not used for longer than five minutes when DevAuth is away", async () => {
    const one = verifier();
    await one.verify(await token());
    reply = broken;
    vi.setSystemTime(Date.now() + 299_000);
    await one.verify(await token());
    vi.setSystemTime(Date.now() + 2_000);
    await expect(one.verify(await token())).rejects.toMatchObject({ name: "NetworkError" });
  });
});

describe("strict mode", () => {
  const strict = (answer: () => Response | Error) => {
    reply = answer;
    return verifier({ strict: true, apiKey: "dvk_sk_1", retries: 0 });
  };

  it("believes introspection alone", async () => {
    const { client_id: _, ...known } = claims();
    const active = { active: true, ...claims(), token_type: "Bearer", username: "ada@example.org" };
    expect(await strict(() => json(200, active)).verify("whatever")).toEqual(known);
    await expect(strict(() => json(200, { active: false })).verify(await token())).rejects.toMatchObject(bad);
  });

  it.each([
    ["a broken connection", broken, "NetworkError"],
    ["unavailable", () => problem(503, "unavailable"), "UnavailableError"],
    ["rate_limited", () => problem(429, "rate_limited"), "RateLimitError"],
    ["a revoked key", () => problem(401, "invalid_api_key"), "AuthenticationError"],
    ["half an answer", () => json(200, { active: true }), "NetworkError"],
    ["active as a word", () => json(200, { ...claims(), active: "true" }), "NetworkError"],
    ["another application's token", () => json(200, { ...claims(), active: true, aud: "app_other" }), "NetworkError"],
  ])("authenticates nobody on %s", async (_what, answer, name) => {
    const failed = await strict(answer).verify(await token()).catch((error: any) => error);
    expect(failed).toMatchObject({ name });
    expect(failed.code).not.toBe("invalid_token");
  });

  it("needs a secret key", () => {
    expect(() => verifier({ strict: true })).toThrow(/apiKey/);
    expect(() => verifier({ strict: true, apiKey: "dvk_pk_1" })).toThrow(/secret key/);
  });
});
