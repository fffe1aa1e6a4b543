/**
 * The written pages: every block of shell is run, from top to bottom, as a reader would paste it, and the block of JSON or text below
 * it is what it printed. What is quoted from a file is in that file. What can't be run says why.
 */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Beauty } from "../site/beauty.js";
import { beginnings } from "./support/beginnings.js";
import { beginning, blocks } from "./support/blocks.js";
import { database } from "./support/database.js";
import { devauth, freePort, program, ready } from "./support/devauth.js";
import { Shell } from "./support/shell.js";

const docs = new URL("../", import.meta.url);
const pages = [
  "index.md",
  "getting-started.md",
  ...["concepts", "guides"].flatMap((folder) => readdirSync(new URL(folder, docs)).map((name) => `${folder}/${name}`)),
];
/** What stands for the reader's own database on the pages. */
const DATABASE = "postgres://devauth:change-me@localhost:5432/devauth";

const dedented = (text) => text.replace(/^[ \t]+/gm, "");

describe.each(pages)("%s", (name) => {
  const page = readFileSync(new URL(name, docs), "utf8");
  const shown = blocks(page);
  const [actual, expected] = [new Beauty(), new Beauty()];
  let service, shell, own, port, printed;
  const runs = shown.some(({ language, directive }) => language === "sh" && directive !== "not run");

  beforeAll(async () => {
    if (!runs) return;
    service = await devauth();
    port = await freePort();
    own = page.includes(DATABASE) ? await database() : undefined;
    // Where a service of the page's own listens.
    const binds = { DEVAUTH_BIND: `127.0.0.1:${port}`, DEVAUTH_ADMIN_BIND: `127.0.0.1:${await freePort()}` };
    const variables = { URL: service.url, ...binds, ...(await beginnings[beginning(page)](service.url)) };
    shell = new Shell({ variables, programs: { devauth: program() } });
  });
  afterAll(async () => {
    await shell?.run("kill $(jobs -p) 2>/dev/null; wait");
    await shell?.close();
    await service?.stop();
    await own?.drop();
  });

  /** A page's code, with the addresses of this run. */
  function local(code) {
    const here = code.replaceAll("http://localhost:8080", service.url).replaceAll(DATABASE, `'${own?.url}'`);
    return here.replaceAll("127.0.0.1:8080", `127.0.0.1:${port}`);
  }

  for (const { language, code, line, directive, argument } of shown) {
    const called = `line ${line}: ${language} ${directive ?? ""}`;
    if (directive === "not run") {
      it(`${called}, because ${argument}`, () => expect(argument.length).toBeGreaterThan(10));
    } else if (directive === "from") {
      it(`${called} ${argument}`, () => {
        expect(dedented(readFileSync(new URL(argument, new URL(name, docs)), "utf8"))).toContain(dedented(code));
      });
    } else if (directive === "serve") {
      it(`${called}serves`, async () => {
        await shell.run(`${local(code)} >serve.log 2>&1 &`);
        await ready(local(argument));
      });
    } else if (language === "sh") {
      it(`${called}runs`, async () => {
        if (directive === "run") await shell.run(local(argument));
        printed = (await shell.run(local(code))).output;
      });
    } else if (language === "json") {
      it(`${called}is the answer`, () => expect(actual.json(JSON.parse(printed))).toEqual(expected.json(JSON.parse(code))));
    } else {
      it(`${called}is what is printed`, () => {
        expect(language).toBe("text");
        expect(actual.text(printed).trim()).toBe(expected.text(code).trim());
      });
    }
  }

  it("has its code in fences, so that none goes unseen", () => {
    const outside = page.replace(/^---\n[\s\S]*?\n---$|^```[\s\S]*?^```$/gm, "");
    expect(outside.split("\n").filter((text) => /^ {4}\S/.test(text))).toEqual([]);
  });
});
