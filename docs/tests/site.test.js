/** The built site: every link leads somewhere, nothing is asked of another host, search works, and pages fit a phone. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { builtPages, fileOf, serve } from "./support/site.js";

const pages = builtPages();
const attributes = (html, name) => [...html.matchAll(new RegExp(`<\\w+[^>]*\\s${name}="([^"]*)"`, "g"))].map(([, value]) => value);
const ids = new Map([...pages].map(([path, html]) => [path, new Set(attributes(html, "id"))]));

describe("links", () => {
  it.each([...pages.keys()])("of %s lead to a page and its heading", (path) => {
    const dead = [];
    for (const href of attributes(pages.get(path), "href").filter((link) => !/^(\w+:|\/\/)/.test(link))) {
      const { pathname, hash } = new URL(href.replaceAll("&amp;", "&"), `http://site${path}`);
      const page = pathname.replace(/\/$/, "/index.html");
      const there = ids.has(page) ? hash === "" || ids.get(page).has(decodeURIComponent(hash.slice(1))) : fileOf(page) !== undefined;
      if (!there) dead.push(href);
    }
    expect(dead).toEqual([]);
  });

  it("to the files that it offers lead to those of this folder", () => {
    for (const name of ["openapi.json", "postman.json"]) {
      expect(readFileSync(fileOf(`/${name}`)).equals(readFileSync(new URL(`../${name}`, import.meta.url)))).toBe(true);
    }
  });
});

describe("in a browser", () => {
  let site, browser;
  beforeAll(async () => {
    site = await serve();
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });

  /** A page that keeps what it asks of other hosts, and what goes wrong. */
  async function open(options) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const troubles = [];
    page.on("request", (request) => {
      if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== site.url) troubles.push(request.url());
    });
    page.on("console", (message) => message.type() === "error" && troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.message));
    return { page, troubles, close: () => context.close() };
  }

  it("every page asks no other host, and is no wider than a phone", { timeout: 180_000 }, async () => {
    const { page, troubles, close } = await open({ viewport: { width: 390, height: 844 } });
    const wide = [];
    for (const path of [...pages.keys()].filter((path) => path !== "/404.html")) {
      await page.goto(`${site.url}${path}`);
      await page.evaluate(() => document.fonts.ready);
      if (await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)) wide.push(path);
    }
    await close();
    expect({ troubles, wide }).toEqual({ troubles: [], wide: [] });
  });

  it("search finds an error by its code, without a server", async () => {
    const { page, troubles, close } = await open({ viewport: { width: 1280, height: 800 } });
    await page.goto(site.url);
    // The page is there before its scripts are: a key pressed before Vue has taken it over is lost.
    await page.waitForFunction(() => document.querySelector("#app").__vue_app__);
    await page.keyboard.press("Control+k");
    await page.locator("#localsearch-input, .search-input").first().fill("refresh_token_reused");
    await page.locator(".VPLocalSearchBox .result").first().waitFor();
    const found = await page.locator(".VPLocalSearchBox .result").evaluateAll((results) => results.map((result) => result.href));
    await close();
    expect(found.some((href) => href.includes("/errors.html"))).toBe(true);
    expect(troubles).toEqual([]);
  });

  const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    it.each(["/", "/getting-started.html", "/reference/users.html"])(`%s can be read by everybody (${colorScheme})`, async (path) => {
      const { page, close } = await open({ viewport: { width: 1280, height: 800 }, colorScheme });
      await page.goto(`${site.url}${path}`);
      await page.evaluate(AXE);
      const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa"] }));
      await close();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join("\n")}`)).toEqual([]);
    });
  }
});
