import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, visitor } from "./support/browser";
import { expectStatus, logIn, newDeveloper } from "./support/people";

let browser: Browser;
let developer: Awaited<ReturnType<typeof newDeveloper>>;
let appId: string;
beforeAll(async () => {
  browser = await launch();
  developer = await newDeveloper();
  ({ appId } = await developer.newApplication("Bookshop"));
});
afterAll(() => browser.close());

/** Each place where a secret is made: what it is called, how to get to the last press before it, and that press. */
const PLACES: [string, (page: Page) => Promise<string>][] = [
  [
    "app secret",
    async (page) => {
      await page.getByRole("button", { name: "New application" }).click();
      await page.getByLabel("Name").fill("Library");
      return "Create application";
    },
  ],
  [
    "secret key",
    async (page) => {
      await page.getByRole("link", { name: "Bookshop" }).click();
      await page.getByRole("link", { name: "API keys" }).click();
      await page.getByRole("button", { name: "Create API key" }).click();
      await page.getByLabel("Label").fill("web server");
      return "Create key";
    },
  ],
  [
    "app secret",
    async (page) => {
      await page.getByRole("link", { name: "Bookshop" }).click();
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Rotate secret" }).click();
      return "Rotate secret";
    },
  ],
];

/** What hands do by accident. */
async function accidents(page: Page): Promise<void> {
  await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        const here = location.href;
        // Back, and forth again by the page's own doing.
        window.addEventListener("popstate", () => location.href === here && resolve());
        history.back();
      }),
  );
}

it.each(PLACES)("can't be lost, neither while it is made nor while it is shown: %s, place %#", async (what, prepare) => {
  const { page, context, faults } = await visitor(browser);
  await logIn(page, developer.email);
  const press = await prepare(page);

  // The answer is held back, and meanwhile hands are busy.
  let answer = () => {};
  const held = new Promise<void>((resolve) => (answer = resolve));
  await page.route(/\/(applications|api-keys|rotate)$/, async (route) => {
    if (route.request().method() === "POST") await held;
    await route.continue();
  });
  const dialog = page.getByRole("dialog");
  const sent = page.waitForRequest((request) => request.method() === "POST");
  await dialog.getByRole("button", { name: press }).click();
  await sent;
  await accidents(page);
  answer();

  const secret = dialog.getByLabel(what, { exact: true });
  await secret.waitFor();
  const shown = await secret.textContent();
  await accidents(page);
  expect(faults).toEqual([]);
  const question = page.waitForEvent("dialog");
  await page.evaluate(() => setTimeout(() => location.reload()));
  await question;
  expect(faults.splice(0)).toEqual(["dialog (beforeunload): "]);
  expect(await secret.textContent()).toBe(shown);

  await page.getByLabel(`I have put this ${what} in a safe place`).check();
  await page.getByRole("button", { name: "Done" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(shown);
  // And now nothing holds one back.
  await page.reload();
  await page.getByRole("heading", { level: 1 }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

it("a session that ends while a key is shown leads to the login once the key is safe", async () => {
  const { page, context } = await visitor(browser);
  await logIn(page, developer.email);
  await page.goto(`/applications/${appId}/api-keys?new=true`);
  await page.getByLabel("Label").fill("web server");
  await page.getByRole("button", { name: "Create key" }).click();
  const key = page.getByLabel("secret key", { exact: true });
  await key.waitFor();
  await context.clearCookies();
  const refused = page.waitForResponse((response) => response.status() === 401);
  // Somebody comes back to the tab, which asks for everything anew.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
  await refused;
  await page.getByLabel("I have put this secret key in a safe place").check();
  expect(await key.textContent()).toMatch(/^dvk_sk_/);
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  expect(new URL(page.url()).searchParams.get("next")).toContain(`/applications/${appId}/api-keys`);
  await context.close();
});

it("a lost session leads to the login from a form as well, and no secret was made", async () => {
  const { page, context } = await visitor(browser);
  await logIn(page, developer.email);
  await page.goto(`/applications/${appId}/api-keys?new=true`);
  await page.getByLabel("Label").fill("never made");
  await context.clearCookies();
  await page.getByRole("button", { name: "Create key" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  const keys = await expectStatus(200, developer.call("GET", `/v1/portal/applications/${appId}/api-keys`));
  expect(keys.data.map(({ label }: { label: string }) => label)).not.toContain("never made");
  await context.close();
});
