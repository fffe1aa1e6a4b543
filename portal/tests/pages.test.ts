import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, PHONE, visitor, WIDE } from "./support/browser";
import { lifelike, withThirtyDays } from "./support/lifelike";
import { logIn } from "./support/people";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const SHOTS = join(dirname(fileURLToPath(import.meta.url)), "..", "screenshots");

type Step = (page: Page) => Promise<unknown>;

/** Pages before and after the login: their name, how to get there, and what has to be done before one can leave. */
const OUTSIDE: [name: string, go: Step, leave?: Step][] = [
  ["login", (page) => page.goto("/login")],
  ["signup", (page) => page.goto("/signup")],
  ["forgot-password", (page) => page.goto("/forgot-password")],
  ["verify-email", (page) => page.goto("/developers/verify-email?token=abc")],
  ["reset-password", (page) => page.goto("/developers/reset-password?token=abc")],
  ["link-spent", (page) => page.goto("/developers/reset-password")],
];
const INSIDE: typeof OUTSIDE = [
  ["applications", (page) => page.goto("/")],
  ["new-application", (page) => page.goto("/?new=true")],
  ["no-application-found", (page) => page.goto("/?search=nothing+is+called+that")],
  ["overview", (page) => page.goto(`/applications/${app.appId}`)],
  ["api-keys", (page) => page.goto(`/applications/${app.appId}/api-keys`)],
  ["new-key", (page) => page.goto(`/applications/${app.appId}/api-keys?new=true`)],
  [
    "secret",
    async (page) => {
      await page.goto(`/applications/${other.appId}/api-keys?new=true`);
      await page.getByLabel("Label").fill("to be shown");
      await page.getByRole("button", { name: "Create key" }).click();
      await page.getByRole("heading", { name: "to be shown is ready" }).waitFor();
    },
    async (page) => {
      await page.getByLabel("I have put this secret key in a safe place").check();
      await page.getByRole("button", { name: "Done" }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    },
  ],
  ["users", (page) => page.goto(`/applications/${app.appId}/users`)],
  ["no-user-found", (page) => page.goto(`/applications/${app.appId}/users?search=nobody`)],
  ["user", (page) => page.goto(`/applications/${app.appId}/users/${barbara}`)],
  [
    "erase-user",
    async (page) => {
      await page.goto(`/applications/${app.appId}/users/${barbara}`);
      await page.getByRole("button", { name: "More actions" }).click();
      await page.getByRole("menuitem", { name: "Erase this person" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
  [
    "audit-log",
    async (page) => {
      await page.goto(`/applications/${app.appId}/audit-log`);
      await page.getByRole("list", { name: "Audit log" }).locator("summary").first().click();
    },
  ],
  [
    "events",
    async (page) => {
      await page.goto(`/applications/${app.appId}/events`);
      await page.getByRole("list", { name: "Events" }).locator("summary").nth(3).click();
    },
  ],
  ["settings", (page) => page.goto(`/applications/${app.appId}/settings`)],
  [
    "delete",
    async (page) => {
      await page.goto(`/applications/${app.appId}/settings`);
      await page.getByRole("button", { name: "Delete application" }).click();
      await page.getByRole("dialog").waitFor();
    },
  ],
  ["account", (page) => page.goto("/account")],
  ["not-found", (page) => page.goto("/applications/app_01ja3vks5re0b8n1q2s4t6v8wx")],
];

let browser: Browser;
let email: string;
let app: { appId: string };
let other: { appId: string };
let barbara: string;

beforeAll(async () => {
  browser = await launch();
  const made = await lifelike();
  ({ barbara, shop: app, other } = made);
  email = made.developer.email;
}, 180_000);
afterAll(() => browser.close());

describe.each([
  ["1280", WIDE],
  ["390", PHONE],
])("at %s px", (width, viewport) => {
  it.each(["light", "dark"] as const)("every page is accessible, fits and keeps its policy, in %s", { timeout: 180_000 }, async (colorScheme) => {
    const { context, page, faults } = await visitor(browser, { viewport, colorScheme, hasTouch: width === "390" });
    await withThirtyDays(context);
    const look = async ([name, go, leave]: (typeof INSIDE)[number]) => {
      await go(page);
      await settled(page);
      mkdirSync(SHOTS, { recursive: true });
      await page.screenshot({ path: join(SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      expect.soft(await sidewaysScroll(page), `${name} is wider than the screen by`).toBe(0);
      expect.soft(await violations(page), `${name}: axe`).toEqual([]);
      await leave?.(page);
    };
    for (const place of OUTSIDE) await look(place);
    await logIn(page, email);
    for (const place of INSIDE) await look(place);
    if (width === "390") {
      await page.goto(`/applications/${app.appId}`);
      await look(["menu", () => page.getByRole("button", { name: "Open menu" }).click()]);
    }
    expect(faults).toEqual([]);
    await context.close();
  });
});

/** Nothing is loading any more. */
async function settled(page: Page): Promise<void> {
  await page.waitForLoadState("networkidle");
  await page.locator('[aria-label^="Loading"]').first().waitFor({ state: "detached" });
  await page.evaluate(() => document.fonts.ready);
}

function sidewaysScroll(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** What axe-core finds serious. Put in by the debugger's way, which the page's policy doesn't concern. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate((await import("node:fs")).readFileSync(AXE, "utf8"));
  return page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { html: string }[] }[] }> } }).axe;
    const { violations } = await axe.run();
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  });
}
