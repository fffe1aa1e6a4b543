import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { launch, portal, visitor } from "./support/browser";
import { logIn, newDeveloper } from "./support/people";

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const browsing = { accept: "text/html" };

/** What the document loads by itself. */
async function scripts(): Promise<string[]> {
  const html = await (await fetch(portal, { headers: browsing })).text();
  return Array.from(html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g), ([, path]) => path ?? "");
}

it("every address of a page is the same document, under a policy that allows nothing inline and nothing from elsewhere", async () => {
  const documents = new Set<string>();
  for (const path of ["/", "/login", "/applications/app_1/users?page=3", "/no/such/page"]) {
    const answer = await fetch(portal + path, { headers: browsing });
    expect(answer.status).toBe(200);
    const policy = answer.headers.get("content-security-policy") ?? "";
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|data:|blob:|https?:|\*/);
    expect(policy).toContain("frame-ancestors 'none'");
    documents.add(await answer.text());
  }
  expect(documents.size).toBe(1);
  expect([...documents][0]).not.toMatch(/<script(?![^>]* src=)|<style| on\w+=| style=/);
});

it("a program that asks for what isn't there is told so, and gets no page", async () => {
  for (const [path, headers] of [
    ["/v1/portal/nothing", browsing],
    ["/assets/nothing.js", browsing],
    ["/login", { accept: "application/json" }],
  ] as const) {
    const answer = await fetch(portal + path, { headers });
    expect([path, answer.status, (await answer.json()).code]).toEqual([path, 404, "not_found"]);
  }
});

it("files are compressed, those with a hash are kept for ever, and the document is asked for by its tag", async () => {
  const loaded = await scripts();
  expect(loaded.length).toBeGreaterThan(1);
  for (const path of loaded) {
    const { headers, status } = await fetch(portal + path);
    expect([path, status, headers.get("content-encoding")]).toEqual([path, 200, expect.stringMatching(/^(gzip|br|zstd)$/)]);
    expect(headers.get("cache-control")).toContain("immutable");
  }
  const first = await fetch(portal, { headers: browsing });
  expect(first.headers.get("cache-control")).toBe("no-cache");
  const again = await fetch(portal, { headers: { ...browsing, "if-none-match": first.headers.get("etag") ?? "" } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

it("a script that got into a page all the same does not run, and reaches no other host", async () => {
  const { email } = await newDeveloper();
  const { page, context, faults } = await visitor(browser);
  await logIn(page, email);
  expect(faults).toEqual([]);
  const ran = await page.evaluate(async () => {
    const script = document.createElement("script");
    script.textContent = "window.intruded = true";
    document.body.append(script);
    const sent = await fetch("https://example.org/").then(() => true, () => false);
    return { intruded: "intruded" in window, sent };
  });
  expect(ran).toEqual({ intruded: false, sent: false });
  expect(faults.join("\n")).toContain("Content Security Policy");
  await context.close();
});
