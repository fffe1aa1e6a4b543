import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, PHONE, visitor } from "./support/browser";
import { appCall, expectStatus, logIn, newDeveloper, newUser, PASSWORD } from "./support/people";

const MANY = 137;

let browser: Browser;
let developer: Awaited<ReturnType<typeof newDeveloper>>;
let app: { appId: string; key: string };
let many: { appId: string; key: string };
let filled: Promise<unknown>;

beforeAll(async () => {
  browser = await launch();
  developer = await newDeveloper();
  app = await developer.newApplication("Few users");
  many = await developer.newApplication("Many users");
  // Passwords take their time; the other tests go on meanwhile.
  filled = signUpMany(0, MANY);
  filled.catch(() => undefined);
});
afterAll(async () => {
  await filled;
  await browser.close();
}, 240_000);

async function signUpMany(from: number, to: number): Promise<void> {
  let next = from;
  const worker = async () => {
    while (next < to) await newUser(many, `reader${next++}@example.com`);
  };
  await Promise.all([worker(), worker()]);
}

async function inPortal(path: string, options = {}) {
  const visit = await visitor(browser, options);
  await logIn(visit.page, developer.email);
  await visit.page.goto(path);
  return visit;
}

describe("a user's page", () => {
  it("suspends, restores and erases, and says what is lost", async () => {
    const email = "to-be-erased@example.com";
    const { user } = await newUser(app, email);
    const { page, context, faults } = await inPortal(`/applications/${app.appId}/users/${user.id}`);

    await page.getByRole("button", { name: "Suspend" }).click();
    // The page shows a change before DevAuth has answered.
    const answered = (action: string) => page.waitForResponse((response) => response.url().endsWith(`/${action}`));
    await Promise.all([answered("suspend"), page.getByRole("button", { name: "Suspend user" }).click()]);
    await page.getByRole("button", { name: "Restore" }).waitFor();
    expect((await appCall(app, "POST", "/login", { email, password: PASSWORD })).body.code).toBe("invalid_credentials");
    await Promise.all([answered("restore"), page.getByRole("button", { name: "Restore" }).click()]);
    await page.getByRole("button", { name: "Suspend" }).waitFor();
    await expectStatus(200, appCall(app, "POST", "/login", { email, password: PASSWORD }));

    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("menuitem", { name: "Erase this person" }).click();
    const dialog = page.getByRole("dialog", { name: "Erase this person?" });
    const erase = dialog.getByRole("button", { name: "Erase this person" });
    expect(await dialog.textContent()).toContain("lost for good");
    await dialog.getByRole("textbox").fill("somebody-else@example.com");
    expect(await erase.isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill(email);
    await erase.click();
    await page.waitForURL(/\/users$/);

    await page.goto(`/applications/${app.appId}/users/${user.id}`);
    await page.getByRole("heading", { name: "Erased user" }).waitFor();
    await page.getByText("Signed up").click();
    const data = page.getByRole("region", { name: /^Data of event/ }).first();
    expect(await data.textContent()).toContain('"email": erased');
    expect(await page.textContent("main")).not.toContain(email);
    expect(faults).toEqual([]);
    await context.close();
  });

  it("ends one session and leaves the other", async () => {
    const email = "two-sessions@example.com";
    const { user } = await newUser(app, email);
    const [one, other] = [
      await expectStatus(200, appCall(app, "POST", "/login", { email, password: PASSWORD })),
      await expectStatus(200, appCall(app, "POST", "/login", { email, password: PASSWORD })),
    ];
    const { page, context } = await inPortal(`/applications/${app.appId}/users/${user.id}`);
    const sessions = page.getByRole("list", { name: "Sessions" }).getByRole("listitem");
    await sessions.nth(1).getByRole("button", { name: /^End the session/ }).click();
    await page.getByRole("button", { name: "End session" }).click();
    await expect.poll(() => sessions.count()).toBe(1);
    // The list is newest first: the second was the older one.
    expect((await appCall(app, "POST", "/refresh", { refresh_token: one.refresh_token })).status).toBe(401);
    expect((await appCall(app, "POST", "/refresh", { refresh_token: other.refresh_token })).status).toBe(200);
    await context.close();
  });

  it("shows who they were at any moment, and keeps the moment in the URL", async () => {
    const { user } = await newUser(app, "over-time@example.com");
    await expectStatus(204, developer.call("POST", `/v1/portal/applications/${app.appId}/users/${user.id}/suspend`));
    await expectStatus(204, developer.call("POST", `/v1/portal/applications/${app.appId}/users/${user.id}/restore`));
    const { page, context } = await inPortal(`/applications/${app.appId}/users/${user.id}`);
    const state = page.getByTestId("state");
    await state.getByText("active", { exact: true }).waitFor();

    // Three moments: signed up, suspended, restored; the last step is now.
    const slider = page.getByRole("slider", { name: "Who they were" });
    await slider.press("ArrowLeft");
    await slider.press("ArrowLeft");
    await state.getByText("suspended", { exact: true }).waitFor();
    expect(page.url()).toContain("at=");
    expect(await page.locator("[data-later]").count()).toBe(1);

    await page.reload();
    await state.getByText("suspended", { exact: true }).waitFor();
    await slider.press("Home");
    await state.getByText("active", { exact: true }).waitFor();
    await page.goto(`/applications/${app.appId}/users/${user.id}?at=2020-01-01T00:00:00Z`);
    await state.getByText("They had not signed up yet.").waitFor();
    await page.getByRole("button", { name: "Back to now" }).click();
    await state.getByText("active", { exact: true }).waitFor();
    expect(page.url()).not.toContain("at=");
    await context.close();
  });
});

it("hostile addresses and metadata are text", async () => {
  const long = `${"o".repeat(60)}@${"very-long-domain-name.".repeat(8)}example.com`;
  await newUser(app, long);
  const metadata = { "<img src=x onerror=alert(1)>": "<script>alert(2)</script>", rtl: "\u202Eexe.txt", long: "x".repeat(500) };
  const { user } = await expectStatus(
    201,
    appCall(app, "POST", "/signup", { email: "hostile@example.com", password: PASSWORD, metadata }),
  );
  const { page, context, faults } = await inPortal(`/applications/${app.appId}/users`, { viewport: PHONE });
  const sideways = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await page.getByTitle(long).filter({ visible: true }).waitFor();
  expect(await sideways()).toBe(0);
  await page.goto(`/applications/${app.appId}/users/${user.id}`);
  const shown = page.getByRole("region", { name: "Metadata" }).first();
  expect(await shown.textContent()).toContain("<img src=x onerror=alert(1)>");
  expect(await shown.textContent()).toContain("\\u202eexe.txt");
  expect(await page.locator("main img, main script").count()).toBe(0);
  expect(await sideways()).toBe(0);
  expect(faults).toEqual([]);
  await context.close();
});

it("another developer sees neither users nor logs", async () => {
  const { user } = await newUser(app, "private@example.com");
  const stranger = await newDeveloper();
  const { page, context } = await visitor(browser);
  await logIn(page, stranger.email);
  for (const place of ["users", `users/${user.id}`, "audit-log", "events"]) {
    await page.goto(`/applications/${app.appId}/${place}`);
    await page.getByRole("heading", { name: "Not found" }).waitFor();
    expect(await page.textContent("body")).not.toContain("private@example.com");
  }
  await context.close();
});

it(
  "137 users are paged and searched while more sign up",
  { timeout: 240_000 },
  async () => {
    await filled;
    const { page, context } = await inPortal(`/applications/${many.appId}/users`);
    const rows = page.locator("tbody tr");
    await page.getByText("1–25 of 137").waitFor();
    let going = true;
    const late = (async () => {
      for (let count = 0; going; count += 1) await newUser(many, `late${count}@example.com`);
    })();

    const seen = new Set<string>();
    for (let number = 1; ; number += 1) {
      await page.locator("[aria-busy=false]").waitFor();
      await page.getByText(new RegExp(`^${(number - 1) * 25 + 1}–`)).waitFor();
      for (const email of await rows.locator("a").allTextContents()) seen.add(email);
      const next = page.getByRole("button", { name: "Next" });
      if (await next.isDisabled()) break;
      await next.click();
      await page.waitForURL(new RegExp(`page=${number + 1}$`));
    }
    expect([...seen].filter((email) => email.startsWith("reader")).length).toBe(MANY);

    await page.getByRole("searchbox").fill("READER13");
    await page.waitForURL(/search=READER13$/);
    // reader13 and reader130 to reader136; the page of before is forgotten.
    await page.getByText("8 users found").waitFor();
    await page.reload();
    await page.getByText("8 users found").waitFor();
    expect(await page.getByRole("searchbox").inputValue()).toBe("READER13");
    expect(await rows.count()).toBe(8);
    await page.getByRole("searchbox").fill("nobody at all");
    await page.getByRole("heading", { name: "Nobody found" }).waitFor();
    going = false;
    await late;
    await context.close();
  },
);
