import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, visitor } from "./support/browser";
import { appCall, freshEmail, mailedToken, PASSWORD } from "./support/people";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it("leads from signup to a revoked key that is refused, and out again", async () => {
  const { context, page, faults } = await visitor(browser);
  const email = freshEmail();
  const button = (name: string) => page.getByRole("button", { name });

  // An account.
  await page.goto("/");
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill("Grace Hopper");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("password");
  await button("Create account").click();
  await page.getByText("This is one of the passwords that are tried first.").waitFor();
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await button("Create account").click();
  await page.getByRole("heading", { name: "Create your first application" }).waitFor();
  const session = (await context.cookies()).find(({ name }) => name.includes("devauth_portal"));
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  expect(await page.evaluate(() => Object.keys(localStorage))).toEqual([]);

  // Its address.
  await page.getByText("Please verify your address").waitFor();
  await page.goto(`/verify-email?token=${await mailedToken(email, "verify-email")}`);
  await button("Verify my address").click();
  await page.getByRole("heading", { name: "Your address is verified" }).waitFor();
  await page.getByRole("link", { name: "To your applications" }).click();
  await page.getByRole("heading", { name: "Create your first application" }).waitFor();
  expect(await page.getByText("Please verify your address").count()).toBe(0);

  // An application, and its secret.
  await button("New application").click();
  await page.getByLabel("Name").fill("Bookshop");
  await button("Create application").click();
  const secretDialog = page.getByRole("dialog", { name: "Bookshop is ready" });
  await secretDialog.waitFor();
  await page.keyboard.press("Escape");
  await page.mouse.click(5, 5);
  expect(await secretDialog.isVisible()).toBe(true);
  const secret = (await secretDialog.getByLabel("app secret", { exact: true }).textContent()) ?? "";
  await secretDialog.getByRole("button", { name: "Copy" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
  await page.getByLabel("I have put this app secret in a safe place").check();
  await button("Done").click();
  await page.getByRole("heading", { name: "Quick start" }).waitFor();
  const appId = new URL(page.url()).pathname.split("/").at(-1) ?? "";
  expect(await page.content()).not.toContain(secret);

  // A key that works.
  await page.getByRole("link", { name: "Create an API key" }).click();
  await page.getByLabel("Label").fill("web server");
  await page.getByLabel("Requests a minute").fill("0");
  await button("Create key").click();
  await page.getByText("A whole number from 1 to 1,000,000, or nothing.").waitFor();
  await page.getByLabel("Requests a minute").fill("1200");
  await button("Create key").click();
  const keyDialog = page.getByRole("dialog", { name: "web server is ready" });
  const key = (await keyDialog.getByLabel("secret key", { exact: true }).textContent()) ?? "";
  await page.getByLabel("I have put this secret key in a safe place").check();
  await button("Done").click();
  await keyDialog.waitFor({ state: "detached" });
  expect(await page.content()).not.toContain(key);
  const app = { appId, key };
  expect((await appCall(app, "POST", "/signup", { email: freshEmail("user"), password: PASSWORD })).status).toBe(201);

  // What it did shows.
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByText(key.slice(0, 13)).first().waitFor();
  await expect.poll(() => page.locator("dl").filter({ hasText: /^Users/ }).textContent(), { timeout: 15_000 }).toBe("Users1");

  // A key that doesn't.
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("table").getByText("1,200 / min").waitFor();
  await button("Revoke web server").click();
  await button("Revoke key").click();
  await page.getByRole("heading", { name: "No key works any more" }).waitFor();
  await expect
    .poll(async () => (await appCall(app, "POST", "/login", { email, password: PASSWORD })).body.code, { timeout: 2_000 })
    .toBe("invalid_api_key");

  // Settings, and the end.
  await page.getByRole("link", { name: "Settings" }).click();
  const addresses = page.getByRole("form", { name: "Addresses" });
  await addresses.getByLabel("Allowed origins").fill("https://app.example.com/");
  await addresses.getByRole("button", { name: "Save" }).click();
  await addresses.getByText("Each line is an origin").waitFor();
  await addresses.getByLabel("Allowed origins").fill("https://app.example.com");
  await addresses.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  await page.reload();
  await expect.poll(() => addresses.getByLabel("Allowed origins").inputValue()).toBe("https://app.example.com");
  await button("Delete application").click();
  const deletion = page.getByRole("dialog", { name: "Delete Bookshop?" });
  expect(await deletion.getByRole("button", { name: "Delete application" }).isDisabled()).toBe(true);
  await deletion.getByLabel("To confirm, type Bookshop").fill("Bookshop");
  await deletion.getByRole("button", { name: "Delete application" }).click();
  await page.getByRole("heading", { name: "Create your first application" }).waitFor();

  await button("Account: Grace Hopper").click();
  await page.getByRole("menuitem", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await page.goto("/");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  expect(faults).toEqual([]);
  await context.close();
});
