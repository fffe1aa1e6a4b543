/** Runs the code in README.md, from top to bottom, against the real DevAuth. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join, resolve } from "node:path";
import { createElement } from "react";
import { renderToString } from "react-dom/server";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";

import { DevAuthClient } from "../../src/index.js";
import { Service } from "../support/service.js";

let service: Service;
let dir: string;
beforeAll(async () => {
  mkdirSync(".tmp", { recursive: true });
  dir = mkdtempSync(resolve(".tmp", "readme-"));
  service = await Service.start();
});
afterAll(async () => {
  rmSync(dir, { recursive: true });
  await service.remove();
});

const README = readFileSync("README.md", "utf8");
const BLOCK = /(?:<!-- run: (?<setup>.*?) -->\n)?```(?<language>tsx?)\n(?<code>.*?)```/gs;
const blocks = (language: string) => [...README.matchAll(BLOCK)].map((match) => match.groups!).filter((block) => block["language"] === language);

const filled = (code: string): string =>
  code
    .replaceAll("https://auth.example.com", service.url)
    .replaceAll("app_…", service.app.appId)
    .replaceAll("dvk_pk_…", service.app.publishableKey)
    .replaceAll("dvk_sk_…", service.app.secretKey);

it("every method of the client is in a snippet", () => {
  const code = blocks("ts").map((block) => block["code"]).join("");
  const methods = Object.getOwnPropertyNames(DevAuthClient.prototype).filter((name) => !["constructor", "close"].includes(name));
  expect(methods.length).toBeGreaterThan(13);
  for (const method of methods) expect(code, method).toContain(`.${method}(`);
});

it("the snippets run", { timeout: 60_000 }, async () => {
  const backend = createServer((_request, response) => void response.end("{}")).listen(0, "127.0.0.1");
  onTestFinished(() => void backend.close());
  await vi.waitUntil(() => backend.listening);
  const imports = new Set<string>();
  // Each has a scope of its own, but for the first, whose client the others use.
  const bodies = blocks("ts").map(({ code = "", setup = "" }, index) => {
    const body = filled(code).replace(/^import .*;\n/gm, (line) => (imports.add(line), "")).replace(/^export /gm, "");
    return index === 0 ? body : `{ ${setup};\nawait before(${index}, client);\n{\n${body}\n}\n}\n`;
  });
  const names = [...imports].map((line) => /^import (.*) from "(.*)"/.exec(line)!);
  const merged = new Map<string, Set<string>>();
  for (const [, what, from] of names) {
    const parts = what!.startsWith("{") ? what!.slice(1, -1).split(",") : [`default as ${what}`];
    for (const part of parts) merged.set(from!, (merged.get(from!) ?? new Set()).add(part.trim()));
  }
  const header = [...merged].map(([from, parts]) => `import { ${[...parts].join(", ")} } from "${from}";`).join("\n");
  const parameters = "{ mailed, backend, another, jar, file, before, accessToken }: any";
  const module = join(dir, "snippets.ts");
  writeFileSync(module, `${header}\nexport async function run(${parameters}): Promise<void> {\n${bodies.join("\n")}\n}\n`);

  const cookies = new Map<string, string>();
  const another = service.client();
  const ran: number[] = [];
  const owner = service.client();
  await owner.signup({ email: "owner@example.org", password: "nine-otters-drink-tea" });
  await owner.login({ email: "owner@example.org", password: "nine-otters-drink-tea" });
  const log = vi.spyOn(console, "log").mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  await (await import(module)).run({
    mailed: (page: "verify-email") => service.mailbox.token("ada@example.org", page),
    backend: `http://127.0.0.1:${(backend.address() as { port: number }).port}`,
    another,
    jar: { get: (name: string) => cookies.get(name), set: (name: string, value: string) => cookies.set(name, value) },
    file: join(dir, "session.json"),
    before: async (index: number) => void ran.push(index),
    accessToken: await owner.getAccessToken(),
  });
  expect(ran).toHaveLength(blocks("ts").length - 1);
  expect(log).toHaveBeenCalledWith("Hello ada@example.org");
  expect(log).toHaveBeenCalledWith("/password", expect.any(String));
  expect(cookies.size).toBe(1);
});

it("the React snippet renders", async () => {
  const [block] = blocks("tsx");
  const module = join(dir, "app.tsx");
  writeFileSync(module, filled(block!["code"]!));
  const { App } = await import(module);
  expect(renderToString(createElement(App))).toBe("<p>One moment…</p>");
});
