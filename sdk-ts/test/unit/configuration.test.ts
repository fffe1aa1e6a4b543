import { afterEach, describe, expect, it, vi } from "vitest";

import { DevAuthClient } from "../../src/index.js";

const good = { appId: "app_1", apiKey: "dvk_pk_1", baseUrl: "https://auth.example.com" };
afterEach(() => void vi.unstubAllGlobals());

describe("a secret key", () => {
  const secret = { ...good, apiKey: "dvk_sk_1" };

  it.each([
    ["a page", "window", { document: {} }],
    ["a worker of a browser", "importScripts", () => {}],
  ])("is refused in %s, without being repeated", (_where, name, value) => {
    vi.stubGlobal(name, value);
    const refused = (): unknown => new DevAuthClient(secret);
    expect(refused).toThrow(expect.objectContaining({ name: "ConfigurationError", code: "secret_key_in_browser" }));
    expect(refused).toThrow(expect.not.objectContaining({ message: expect.stringContaining("dvk_sk_1") }));
    expect(() => new DevAuthClient(good)).not.toThrow();
  });

  it("is fine on Node and on edge runtimes", () => {
    expect(() => new DevAuthClient(secret)).not.toThrow();
    vi.stubGlobal("WorkerGlobalScope", class {});
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    expect(() => new DevAuthClient(secret)).not.toThrow();
  });
});

it.each([
  ["no appId", { appId: undefined }],
  ["a key as appId", { appId: "dvk_pk_1" }],
  ["no apiKey", { apiKey: "" }],
  ["a relative baseUrl", { baseUrl: "/auth" }],
  ["a baseUrl of another scheme", { baseUrl: "ftp://auth.example.com" }],
  ["a baseUrl with a query", { baseUrl: "https://auth.example.com?x=1" }],
  ["a negative timeout", { timeout: -1 }],
  ["a clientAddress with a publishable key", { clientAddress: "192.0.2.1" }],
])("%s is refused", (_what, change) => {
  expect(() => new DevAuthClient({ ...good, ...change } as typeof good)).toThrow(
    expect.objectContaining({ name: "ConfigurationError" }),
  );
});

it.each(["https://auth.example.com", "https://auth.example.com/", "https://auth.example.com/under/"])(
  "baseUrl may be %s",
  async (baseUrl) => {
    const urls: string[] = [];
    const fetch = async (url: string) => (urls.push(url), new Response(null, { status: 202 }));
    await new DevAuthClient({ ...good, baseUrl, fetch }).requestPasswordReset("ada@example.org");
    expect(urls).toEqual([`${baseUrl.replace(/\/$/, "")}/v1/auth/password/reset/request`]);
  },
);
