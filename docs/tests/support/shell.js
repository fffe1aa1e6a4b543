/** A shell that keeps its variables from one block to the next, as the reader's does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { environment } from "./devauth.js";

/** The real curl, which also tells us each answer's status. */
const CURL = `#!/bin/sh
exec env PATH="$OUTER_PATH" curl -w '%{stderr}status=%{http_code}\\n' "$@"
`;

export class Shell {
  #dir = mkdtempSync(join(tmpdir(), "devauth-docs-shell-"));
  #child;
  #said = "";

  /** Runs in `directory`, an empty one of its own unless named. `programs` are put in front of all others, by name and path. */
  constructor({ variables = {}, directory, programs = {} } = {}) {
    const bin = mkdtempSync(join(this.#dir, "bin-"));
    this.directory = directory ?? mkdtempSync(join(this.#dir, "empty-"));
    const own = { curl: CURL };
    for (const [name, path] of Object.entries(programs)) own[name] = `#!/bin/sh\nexec '${path}' "$@"\n`;
    for (const [name, text] of Object.entries(own)) {
      writeFileSync(join(bin, name), text);
      chmodSync(join(bin, name), 0o755);
    }
    const env = { ...environment(), OUTER_PATH: process.env.PATH, PATH: `${bin}:${process.env.PATH}`, ...variables };
    this.#child = spawn("bash", ["--noprofile", "--norc"], { env, cwd: this.directory, stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout.setEncoding("utf8").on("data", (text) => (this.#said += text));
  }

  /**
   * Runs a block, and answers what it printed and the statuses of the answers that its curls got.
   * @throws if its last command fails, or it takes longer than half a minute.
   */
  async run(block) {
    const [out, err] = [join(this.#dir, "out"), join(this.#dir, "err")];
    this.#said = "";
    this.#child.stdin.write(`{ ${block}\n} >'${out}' 2>'${err}' </dev/null\necho "done $?"\n`);
    const ends = new Promise((resolve) => {
      const timer = setTimeout(() => resolve("timeout"), 30_000);
      const look = () => {
        const done = /done (\d+)\n/.exec(this.#said);
        if (done === null && this.#child.exitCode === null) return;
        clearTimeout(timer);
        this.#child.stdout.off("data", look);
        this.#child.off("exit", look);
        resolve(done?.[1] ?? "exit");
      };
      this.#child.stdout.on("data", look);
      this.#child.once("exit", look);
    });
    const status = await ends;
    const [output, errors] = [readFileSync(out, "utf8"), readFileSync(err, "utf8")];
    if (status !== "0") throw new Error(`${block}\n\nended with ${status}:\n${output}${errors}`);
    const statuses = [...errors.matchAll(/^status=(\d+)$/gm)].map(([, code]) => Number(code));
    return { output, statuses, errors: errors.replace(/^status=\d+\n/gm, "") };
  }

  async set(name, value) {
    await this.run(`${name}='${String(value).replaceAll("'", "'\\''")}'`);
  }

  async close() {
    const ended = this.#child.exitCode === null ? once(this.#child, "exit") : undefined;
    this.#child.stdin.end();
    await ended;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
