/** Writes what is made from docs/openapi.json: the reference and the Postman collection. */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";

import { collection } from "./postman.js";
import { pages } from "./reference.js";

const reference = new URL("../reference/", import.meta.url);

/** Every file that is made, by its place in docs/. */
export function generated() {
  const files = new Map([...pages()].map(([name, text]) => [`reference/${name}`, text]));
  return files.set("postman.json", `${JSON.stringify(collection(), null, 2)}\n`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  mkdirSync(reference, { recursive: true });
  for (const name of readdirSync(reference)) rmSync(new URL(name, reference));
  for (const [name, text] of generated()) writeFileSync(new URL(`../${name}`, import.meta.url), text);
}
