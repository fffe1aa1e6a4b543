import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, PHONE, visitor } from "./support/browser";
import { logIn, newDeveloper, PASSWORD } from "./support/people";

let browser: Browser;
let email: string;
let appId: string;
beforeAll(async () => {
  browser = await launch();
  const developer = await newDeveloper("Grace");
  email = developer.email;
  ({ appId } = await developer.newApplication("Bookshop"));
  await developer.newApplication("Reading groups");
});
afterAll(() => browser.close());

/** What has the focus, in words, and whether one can see that it does. */
function focused(page: Page) {
  return page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const marked = [element, element.parentElement, element.closest("article, label, tr, li")].flatMap((one) =>
      one === null ? [] : [getComputedStyle(one), getComputedStyle(one, "::after")],
    );
    return {
      name: element.getAttribute("aria-label") ?? element.textContent?.trim() ?? "",
      what: element.outerHTML.slice(0, 120),
      nowhere: element === document.body,
      seen: marked.some(({ outlineStyle, outlineWidth }) => outlineStyle !== "none" && outlineWidth !== "0px"),
    };
  });
}

async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const at = await focused(page);
    if (typeof name === "string" ? at.name === name : name.test(at.name)) return;
  }
  throw new Error(`60 presses of Tab lead past everything but ${name}`);
}

it("one can log in, skip to the content, open an application and log out without a mouse", async () => {
  const { page, context, faults } = await visitor(browser);
  await page.goto("/login");
  await page.getByLabel("E-mail").waitFor();
  await page.keyboard.type(email);
  await tabTo(page, "Forgot it?");
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Applications" }).waitFor();

  await page.reload();
  await page.getByRole("link", { name: "Bookshop" }).waitFor();
  await page.keyboard.press("Tab");
  expect(await focused(page)).toMatchObject({ name: "Skip to content", seen: true });
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  expect((await focused(page)).name).toBe("New application");
  await tabTo(page, "Bookshop");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Quick start" }).waitFor();

  await page.getByRole("link", { name: "API keys" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "API keys" }).waitFor();
  await page.getByRole("button", { name: /^Account: Grace/ }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Account" }).waitFor();
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

it("everything that Tab reaches can be seen to have the focus", async () => {
  const { page, context } = await visitor(browser);
  await logIn(page, email);
  const unseen: string[] = [];
  for (const place of ["", "/users", "/api-keys", "/audit-log", "/events", "/settings"]) {
    await page.goto(`/applications/${appId}${place}`);
    await page.waitForLoadState("networkidle");
    for (let presses = 0; presses < 60; presses += 1) {
      await page.keyboard.press("Tab");
      const at = await focused(page);
      if (at.nowhere) break;
      if (!at.seen) unseen.push(`${place}: ${at.what}`);
    }
  }
  expect(unseen).toEqual([]);
  await context.close();
});

it("a dialog takes the focus, keeps it, gives it back at Escape, and is answered with Enter", async () => {
  const { page, context } = await visitor(browser);
  await logIn(page, email);
  await page.goto(`/applications/${appId}/api-keys`);
  const create = page.getByRole("button", { name: "Create API key" });
  const dialog = page.getByRole("dialog", { name: "Create API key" });
  await create.focus();
  await page.keyboard.press("Enter");
  await dialog.waitFor();
  for (let presses = 0; presses < 12; presses += 1) {
    await page.keyboard.press("Tab");
    // At either end the focus passes a guard, which sends it on.
    await expect.poll(() => dialog.evaluate((element) => element.contains(document.activeElement))).toBe(true);
  }
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await expect.poll(async () => (await focused(page)).name).toBe("Create API key");

  await page.getByRole("button", { name: "Revoke web server" }).focus();
  await page.keyboard.press("Enter");
  const revoke = page.getByRole("dialog", { name: "Revoke web server?" });
  await revoke.getByRole("button", { name: "Cancel" }).focus();
  await page.keyboard.press("Enter");
  await revoke.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Revoke web server" }).waitFor();
  await context.close();
});

it("a change of page is announced and leads before the content; the first page is not, nor a change of filters", async () => {
  const { page, context } = await visitor(browser);
  await logIn(page, email);
  await page.goto(`/applications/${appId}`);
  const said = page.getByTestId("page-announcer");
  await page.getByRole("heading", { name: "Bookshop" }).waitFor();
  await expect.poll(() => page.title()).toBe("Bookshop · DevAuth");
  expect(await said.textContent()).toBe("");

  await page.getByRole("link", { name: "Users" }).click();
  await expect.poll(() => said.textContent()).toBe("Users · Bookshop · DevAuth");
  expect(await said.getAttribute("role")).toBe("status");
  await expect.poll(async () => (await focused(page)).what).toContain("<main");
  await page.getByRole("searchbox").fill("nobody");
  await page.waitForURL(/search=nobody/);
  expect(await page.getByRole("searchbox").evaluate((element) => element === document.activeElement)).toBe(true);

  await page.goBack();
  await expect.poll(() => said.textContent()).toBe("Bookshop · DevAuth");
  await context.close();
});

it("the drawer of a phone is left with Escape and closes where one goes", async () => {
  const { page, context } = await visitor(browser, { viewport: PHONE, hasTouch: true });
  await logIn(page, email);
  await page.goto(`/applications/${appId}`);
  const open = page.getByRole("button", { name: "Open menu" });
  const menu = page.getByRole("dialog", { name: "Menu" });
  await open.focus();
  await page.keyboard.press("Enter");
  await menu.waitFor();
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  await expect.poll(async () => (await focused(page)).name).toBe("Open menu");
  await open.tap();
  await menu.getByRole("link", { name: "Settings" }).tap();
  await menu.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: "Settings" }).waitFor();
  await open.tap();
  await menu.getByRole("button", { name: "Application: Bookshop" }).tap();
  await page.getByRole("menuitem", { name: "Reading groups" }).tap();
  await page.getByRole("heading", { name: "Reading groups", level: 1 }).waitFor();
  await menu.waitFor({ state: "detached" });
  await context.close();
});
