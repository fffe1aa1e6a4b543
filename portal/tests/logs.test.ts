import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, visitor } from "./support/browser";
import { appCall, logIn, newDeveloper, newUser } from "./support/people";

let browser: Browser;
let email: string;
let app: { appId: string; key: string };
let ada: string;

beforeAll(async () => {
  browser = await launch();
  const developer = await newDeveloper();
  email = developer.email;
  app = await developer.newApplication("Logs");
  ({
    user: { id: ada },
  } = await newUser(app, "ada@example.com"));
  await newUser(app, "alan@example.com");
});
afterAll(() => browser.close());

it("the audit log is narrowed by action, user and time, in the URL", async () => {
  const { page, context, faults } = await visitor(browser);
  await logIn(page, email);
  await page.goto(`/applications/${app.appId}/audit-log`);
  const entries = page.getByRole("list", { name: "Audit log" }).getByRole("listitem");
  await entries.nth(3).waitFor();
  await page.getByLabel("Action").selectOption("signup");
  await expect.poll(() => entries.count()).toBe(2);
  await page.getByRole("searchbox").fill("ADA@");
  await page.getByRole("button", { name: "ada@example.com" }).click();
  await expect.poll(() => entries.count()).toBe(1);
  expect(await page.getByRole("searchbox").inputValue()).toBe("ada@example.com");
  expect(new URL(page.url()).searchParams.get("action")).toBe("signup");
  expect(new URL(page.url()).searchParams.get("user_id")).toBe(ada);
  await page.reload();
  await entries.first().waitFor();
  expect(await entries.count()).toBe(1);
  await expect.poll(() => page.getByRole("searchbox").inputValue()).toBe("ada@example.com");
  await page.getByRole("searchbox").fill("");
  await expect.poll(() => entries.count()).toBe(2);
  await page.getByRole("searchbox").fill(ada);
  await expect.poll(() => entries.count()).toBe(1);
  await page.getByLabel("Before").fill("2020-01-01T00:00:00");
  await page.getByLabel("Before").press("Enter");
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  expect(page.url()).toContain("to=2020-01-01");
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await entries.nth(3).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});

it("the live tail shows what happens, while it is on", async () => {
  const { page, context } = await visitor(browser);
  await logIn(page, email);
  await page.goto(`/applications/${app.appId}/audit-log?action=login_failed`);
  await page.getByRole("heading", { name: "Nothing matches" }).waitFor();
  await page.getByRole("button", { name: "Live" }).click();
  await page.waitForURL(/live=true/);
  await appCall(app, "POST", "/login", { email: "ada@example.com", password: "not the password" });
  await page.getByText("wrong password").waitFor();
  await context.close();
});

it("events are in order, open, and go on from a position", async () => {
  const { page, context, faults } = await visitor(browser);
  await logIn(page, email);
  await page.goto(`/applications/${app.appId}/events`);
  const events = page.getByRole("list", { name: "Events" }).getByRole("listitem");
  await events.first().waitFor();
  const positions = (await events.getByText(/^#\d+$/).allTextContents()).map((text) => Number(text.slice(1)));
  expect(positions.length).toBe(await events.count());
  expect(positions).toEqual(positions.toSorted((one, other) => one - other));
  await page.getByText("UserRegistered").first().click();
  await page.getByRole("region", { name: /^Data of event/ }).getByText("ada@example.com").waitFor();

  const last = positions.at(-1) ?? 0;
  await page.getByLabel("After position").fill(String(last));
  await page.getByRole("button", { name: "Go" }).click();
  await page.getByRole("heading", { name: `Nothing after ${last} yet` }).waitFor();
  await newUser(app, "late@example.com");
  const first = page.getByText("UserRegistered");
  // An event has its place in the log a moment after it happened.
  await expect
    .poll(
      async () => {
        await page.getByRole("button", { name: "Look for newer ones" }).click();
        return first.isVisible();
      },
      { timeout: 15_000, interval: 250 },
    )
    .toBe(true);
  expect(faults).toEqual([]);
  await context.close();
});

it("the events feed goes on by itself while it is live", async () => {
  const { page, context, faults } = await visitor(browser);
  await logIn(page, email);
  await page.goto(`/applications/${app.appId}/events`);
  const events = page.getByRole("list", { name: "Events" }).getByRole("listitem");
  await events.first().waitFor();
  await page.getByRole("button", { name: "Live" }).click();
  await page.waitForURL(/live=true/);
  const before = await events.count();
  await newUser(app, "live@example.com");
  await expect.poll(() => events.count(), { timeout: 15_000 }).toBeGreaterThan(before);
  const positions = await events.getByText(/^#\d+$/).allTextContents();
  expect(new Set(positions).size).toBe(positions.length);
  expect(faults).toEqual([]);
  await context.close();
});
