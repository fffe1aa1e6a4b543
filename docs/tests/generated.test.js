/** What is made from openapi.json and committed is as it would be made now. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

import { errors } from "../site/errors.js";
import { generated } from "../site/generate.js";
import { document, operations } from "../site/openapi.js";

const docs = new URL("../", import.meta.url);
const files = generated();

describe("npm run generate would change nothing", () => {
  for (const [name, text] of files) {
    it(name, () => expect(readFileSync(new URL(name, docs), "utf8") === text, `${name} is stale: npm run generate`).toBe(true));
  }
  it("and there is no page of a route that is gone", () => {
    const committed = readdirSync(new URL("reference/", docs)).map((name) => `reference/${name}`);
    expect(committed.sort()).toEqual([...files.keys()].filter((name) => name.startsWith("reference/")).sort());
  });
});

it("every error code has a meaning and an advice", () => {
  expect([...errors.keys()].sort()).toEqual([...document.components.schemas.ErrorCode.enum].sort());
  for (const [code, { detail, advice }] of errors) expect([detail, advice].every(Boolean), code).toBe(true);
});

it("every route is on a page, with its method and each of its error codes", () => {
  for (const { tags, method, path, summary, responses } of operations) {
    const page = [...files.values()].find((text) => text.includes(`\n# ${tags[0]}\n`));
    const section = page.split("\n## ").find((part) => part.startsWith(`${summary}\n`));
    expect(section, summary).toContain(`<b>${method}</b> <code>${path}</code>`);
    const codes = Object.values(responses).flatMap(({ $ref }) => $ref?.split("/").at(-1).split(".") ?? []);
    for (const code of codes) expect(section, `${summary}: ${code}`).toContain(`| \`${code}\` |`);
  }
});
