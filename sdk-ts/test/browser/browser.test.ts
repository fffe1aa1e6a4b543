/** The built package in a real browser, with the real DevAuth. */
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import type { AuthChange, DevAuthClient } from "../../src/index.js";
import { openBrowser, Site } from "../support/browser.js";
import { freshAddress, password, Service } from "../support/service.js";

declare global {
  interface Window {
    sdk: typeof import("../../src/index.js");
    client: DevAuthClient;
    changes: AuthChange[];
  }
}

let site: Site;
let service: Service;
let context: BrowserContext;
let close: () => Promise<void>;
let email: string;
let requests: string[];

beforeAll(async () => {
  site = await Site.start();
  service = await Service.start({}, [site.origin]);
});
afterAll(async () => {
  await service.remove();
  await site.close();
});
const launch = async (blockStorage = false) => {
  ({ context, close } = await openBrowser(blockStorage));
  requests = [];
  context.on("request", (request) => requests.push(`${request.method()} ${new URL(request.url()).pathname}`));
};
beforeEach(async () => {
  email = freshAddress();
  await service.client().signup({ email, password });
});
afterEach(() => close());

/** Opens a tab with a client in it. */
const tab = async (): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(site.origin);
  await ready(page);
  return page;
};
const ready = async (page: Page): Promise<void> => {
  await page.waitForFunction(() => "sdk" in window);
  const { appId, publishableKey: apiKey } = service.app;
  await page.evaluate(
    (options) => {
      window.client = new window.sdk.DevAuthClient(options);
      window.changes = [];
      window.client.onAuthStateChange((change) => window.changes.push(change));
    },
    { appId, apiKey, baseUrl: service.url },
  );
  await page.waitForFunction(() => window.changes.length > 0);
};
const login = (page: Page) => page.evaluate((credentials) => window.client.login(credentials), { email, password });
const me = (page: Page) => page.evaluate(() => window.client.getMe().then((user) => user.email, (error) => error.code));
const events = (page: Page) => page.evaluate(() => window.changes.map((change) => change.event));
const told = (page: Page, event: string) => page.waitForFunction((name) => window.changes.some((change) => change.event === name), event);
const refreshes = () => requests.filter((request) => request === "POST /v1/auth/refresh").length;

/** Makes the client believe that its access token has expired. */
const age = (page: Page) =>
  page.evaluate(() => {
    const key = Object.keys(localStorage).find((name) => name.startsWith("devauth."))!;
    localStorage.setItem(key, JSON.stringify({ ...JSON.parse(localStorage.getItem(key)!), expires_at: 0 }));
  });

describe("with localStorage", () => {
  beforeEach(() => launch());

  it("two tabs with many calls refresh once", async () => {
    const [one, two] = [await tab(), await tab()];
    await login(one);
    await told(two, "signed_in");
    await age(one);
    const many = (page: Page) => page.evaluate(() => Promise.all(Array.from({ length: 10 }, () => window.client.getMe().then((user) => user.email))));
    expect([...(await Promise.all([many(one), many(two)]))].flat()).toEqual(Array(20).fill(email));
    expect(refreshes()).toBe(1);
    await told(two, "refreshed");
    for (const page of [one, two]) expect(await events(page)).not.toContain("signed_out");
  });

  it("a logout in one tab is one in all", async () => {
    const [one, two] = [await tab(), await tab()];
    await login(one);
    await told(two, "signed_in");
    expect(await me(two)).toBe(email);
    await one.evaluate(() => window.client.logout());
    await told(two, "signed_out");
    expect(await two.evaluate(() => window.changes.at(-1)!.reason)).toBe("elsewhere");
    expect(await me(two)).toBe("not_logged_in");
  });

  it("a reload keeps the session, also with an expired token", async () => {
    const page = await tab();
    await login(page);
    await age(page);
    await page.reload();
    await ready(page);
    expect(await page.evaluate(() => window.changes[0]!.user!.email)).toBe(email);
    expect(await me(page)).toBe(email);
    expect(refreshes()).toBe(1);
  });

  it("losing the network loses no session", async () => {
    const page = await tab();
    await login(page);
    await age(page);
    await context.setOffline(true);
    expect(await me(page)).toBe("network_error");
    await context.setOffline(false);
    expect(await me(page)).toBe(email);
    expect(await events(page)).toEqual(["initial", "signed_in", "refreshed"]);
  });

  it("refuses a secret key", async () => {
    const page = await tab();
    const { appId, secretKey: apiKey } = service.app;
    const options = { appId, apiKey, baseUrl: service.url };
    const code = await page.evaluate((given) => {
      try {
        return String(new window.sdk.DevAuthClient(given));
      } catch (error) {
        return (error as { code: string }).code;
      }
    }, options);
    expect(code).toBe("secret_key_in_browser");
  });

  it("full: the session lives in memory, and what filled it stays", async () => {
    const page = await tab();
    await page.evaluate(() => {
      for (let size = 1 << 20; size >= 1; size >>= 1) {
        try {
          for (let part = 0; ; part++) localStorage.setItem(`x${size}.${part}`, "x".repeat(size));
        } catch {
          continue;
        }
      }
    });
    const items = await page.evaluate(() => localStorage.length);
    await login(page);
    expect(await me(page)).toBe(email);
    expect(await page.evaluate(() => localStorage.length)).toBe(items);
    await page.reload();
    await ready(page);
    expect(await me(page)).toBe("not_logged_in");
  });
});

it("without localStorage, because the user blocks it, the session lives in memory", async () => {
  await launch(true);
  const page = await tab();
  const blocked = await page.evaluate(() => {
    try {
      return String(localStorage);
    } catch (error) {
      return (error as Error).name;
    }
  });
  expect(blocked).toBe("SecurityError");
  await login(page);
  expect(await me(page)).toBe(email);
  await page.evaluate(() => window.client.logout());
  expect(await events(page)).toEqual(["initial", "signed_in", "signed_out"]);
});
