import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, portal, visitor } from "./support/browser";
import { logIn, mailedToken, newDeveloper, PASSWORD } from "./support/people";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it("a session lost in the middle leads to the login and back to where one was", async () => {
  const developer = await newDeveloper();
  const { appId } = await developer.newApplication("Bookshop");
  const { context, page, faults } = await visitor(browser);
  await logIn(page, developer.email);
  const place = `/applications/${appId}?language=python`;
  await page.goto(place);
  await page.getByText("pip install devauth").waitFor();

  await context.clearCookies();
  await page.getByRole("link", { name: "API keys" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  expect(new URL(page.url()).searchParams.get("next")).toBe(`/applications/${appId}/api-keys`);
  await page.getByLabel("E-mail").fill(developer.email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("table").getByText("web server").waitFor();

  await context.clearCookies();
  await page.goto(place);
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await page.getByLabel("E-mail").fill(developer.email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("pip install devauth").waitFor();
  expect(page.url()).toBe(portal + place);
  expect(faults).toEqual([]);
  await context.close();
});

it("a change that meets a lost session leads to the login as well", async () => {
  const developer = await newDeveloper();
  const { appId } = await developer.newApplication("Bookshop");
  const { context, page } = await visitor(browser);
  await logIn(page, developer.email);
  await page.goto(`/applications/${appId}/settings`);
  const general = page.getByRole("form", { name: "General" });
  await general.getByLabel("Name").fill("Library");
  await context.clearCookies();
  await general.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  expect(new URL(page.url()).searchParams.get("next")).toBe(`/applications/${appId}/settings`);
  await context.close();
});

it.each(["//example.org/x", "/\\example.org", "https://example.org/"])("a login leads nowhere else: %s", async (next) => {
  const { email } = await newDeveloper();
  const { context, page, faults } = await visitor(browser);
  await page.goto(`/login?next=${encodeURIComponent(next)}`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Applications" }).waitFor();
  expect(new URL(page.url()).origin).toBe(portal);
  expect(faults).toEqual([]);
  await context.close();
});

it("a forgotten password is replaced by way of the mail, and a wrong one is said where it belongs", async () => {
  const { email } = await newDeveloper();
  const { context, page, faults } = await visitor(browser);
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("The e-mail address or the password is wrong.").waitFor();
  await page.getByRole("link", { name: "Forgot it?" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await page.getByRole("heading", { name: "Look into your inbox" }).waitFor();

  const link = `/reset-password?token=${await mailedToken(email, "reset-password")}`;
  await page.goto(link);
  await page.getByLabel("New password").fill("ten-badgers-bake-bread");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "Your password is set" }).waitFor();
  await page.goto(link);
  await page.getByLabel("New password").fill("ten-badgers-bake-bread");
  await page.getByRole("button", { name: "Set password" }).click();
  await page.getByRole("heading", { name: "This link does not work any more" }).waitFor();

  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("ten-badgers-bake-bread");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Applications" }).waitFor();

  // And once more, knowing it.
  await page.goto("/account");
  await page.getByLabel("Present password").fill("nonsense");
  await page.getByLabel("New password").fill(PASSWORD);
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByText("This is not your present password.").waitFor();
  await page.getByLabel("Present password").fill("ten-badgers-bake-bread");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await logIn(page, email);
  expect(faults).toEqual([]);
  await context.close();
});
