import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, PHONE, visitor, WIDE } from "./support/browser";
import { logIn, newDeveloper } from "./support/people";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const HOSTILE = [
  `<img src=x onerror="alert(1)">`,
  `</title><script>alert(1)</script>`,
  "\u05e9\u05dc\u05d5\u05dd\u200f (gnp.exe",
  "W".repeat(100),
  "{{constructor.constructor('alert(1)')()}}",
];

it.each([
  ["1280", WIDE],
  ["390", PHONE],
])("hostile names are shown as text and fit, at %s px", async (_, viewport) => {
  const developer = await newDeveloper(HOSTILE[0]);
  const apps = [];
  for (const name of HOSTILE) apps.push({ name, ...(await developer.newApplication(name)) });
  const { context, page, faults } = await visitor(browser, { viewport });
  const fits = async () =>
    expect(await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0);

  await logIn(page, developer.email);
  for (const { name, appId } of apps) {
    await page.goto("/");
    await page.getByRole("link", { name, exact: true }).click();
    await page.getByRole("heading", { name, exact: true, level: 1 }).waitFor();
    await page.getByRole("heading", { name: "Quick start" }).waitFor();
    await fits();
    await page.goto(`/applications/${appId}/settings`);
    await page.getByRole("button", { name: "Delete application" }).click();
    await page.getByRole("dialog", { name: `Delete ${name}?` }).waitFor();
    await fits();
  }
  for (const name of HOSTILE) await developer.call("POST", `/v1/portal/applications/${apps[0]?.appId}/api-keys`, { label: name });
  await page.goto(`/applications/${apps[0]?.appId}/api-keys`);
  for (const name of HOSTILE) await page.getByText(name, { exact: true }).filter({ visible: true }).first().waitFor();
  await fits();
  await page.goto("/account");
  await page.getByLabel("Name").waitFor();
  expect(await page.getByLabel("Name").inputValue()).toBe(HOSTILE[0]);
  await fits();
  expect(await page.locator("img, #root script").count()).toBe(0);
  expect(faults).toEqual([]);
  await context.close();
});

it("two developers can't see each other", async () => {
  const [one, other] = [await newDeveloper("One"), await newDeveloper("Other")];
  const theirs = await other.newApplication("Secret plans");
  await one.newApplication("Bookshop");
  const { context, page } = await visitor(browser);
  await logIn(page, one.email);
  await page.getByRole("link", { name: "Bookshop" }).waitFor();
  expect(await page.getByText("Secret plans").count()).toBe(0);
  for (const path of ["", "/api-keys", "/settings"]) {
    await page.goto(`/applications/${theirs.appId}${path}`);
    await page.getByRole("heading", { name: "Not found" }).waitFor();
    expect(await page.getByText("Secret plans").count()).toBe(0);
  }

  // The next person at the same browser sees nothing of the one before.
  await page.goto("/");
  await page.getByRole("button", { name: "Account: One" }).click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await logIn(page, other.email);
  await page.getByRole("link", { name: "Secret plans" }).waitFor();
  expect(await page.getByText("Bookshop").count()).toBe(0);
  await context.close();
});
