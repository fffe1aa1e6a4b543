import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, visitor } from "./support/browser";
import { expectStatus, logIn, newDeveloper } from "./support/people";

const MANY = 50;

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it("of 50 applications only those on the screen are asked for their numbers, and nothing moves when these arrive", async () => {
  const developer = await newDeveloper();
  for (let number = 1; number <= MANY; number += 1) {
    await expectStatus(201, developer.call("POST", "/v1/portal/applications", { name: `Shop ${number}`, environment: "staging" }));
  }
  const { page, context, faults } = await visitor(browser);
  await logIn(page, developer.email);
  await page.addInitScript(() => {
    const shifts: number[] = ((window as unknown as { shifts: number[] }).shifts = []);
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
    }).observe({ type: "layout-shift", buffered: true });
  });
  const asked = new Set<string>();
  page.on("request", (request) => {
    const app = /applications\/([^/]+)\/statistics/.exec(request.url())?.[1];
    if (app !== undefined) asked.add(app);
  });
  await page.goto("/");
  const cards = page.getByRole("article");
  await cards.first().getByText("no logins today").waitFor();
  await page.waitForLoadState("networkidle");
  expect(await cards.count()).toBe(MANY);
  expect(asked.size).toBeGreaterThanOrEqual(6);
  expect(asked.size).toBeLessThan(20);
  const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
  expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.01);

  await cards.last().scrollIntoViewIfNeeded();
  await cards.last().getByText("no logins today").waitFor();
  // At the pace of a fast typist: no letter gets lost on its way through the URL.
  await page.getByRole("searchbox").pressSequentially("Shop 5");
  expect(await page.getByRole("searchbox").inputValue()).toBe("Shop 5");
  await expect.poll(() => cards.count()).toBe(2);
  expect(new URL(page.url()).searchParams.get("search")).toBe("Shop 5");
  // Digits are text as well. (Not how many are found: an id may have them, too.)
  await page.goto("/?search=50");
  await cards.filter({ hasText: "Shop 50" }).waitFor();
  expect(await page.getByRole("searchbox").inputValue()).toBe("50");
  expect(faults).toEqual([]);
  await context.close();
});
