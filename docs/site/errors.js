/** The table of docs/errors.md, which a test compares with the program. */
import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../errors.md", import.meta.url), "utf8");

/** By code: `{ status, detail, advice }`. */
export const errors = new Map(
  [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$/gm)].map(([, code, status, , detail, advice]) => [
    code,
    { status: Number(status), detail, advice },
  ]),
);
