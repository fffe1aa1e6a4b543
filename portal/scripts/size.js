// Fails when the first page would load more JavaScript than it may.
//
// "First page" is what a developer without a session needs for the login: the entry, what it imports, and the chunks of those
// routes, all gzipped.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 200_000;
const FIRST = ["src/routes/_guest.login.tsx?tsr-split=component", "src/routes/_guest.tsx?tsr-split=component"];
const FIRST_HOME = ["src/routes/_home.index.tsx?tsr-split=component", "src/routes/_home.tsx?tsr-split=component"];

const dist = new URL("../dist/", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("manifest.json", dist), "utf8"));

/** The files that are loaded for these entries of the manifest. */
function files(names) {
  const seen = new Set();
  const add = (name) => {
    const entry = manifest[name];
    if (entry === undefined) throw new Error(`the build has no ${name}; it has\n${Object.keys(manifest).join("\n")}`);
    if (seen.has(entry.file)) return;
    seen.add(entry.file);
    entry.imports?.forEach(add);
  };
  names.forEach(add);
  return [...seen].filter((file) => file.endsWith(".js"));
}

let tooLarge = false;
for (const [page, chunks] of Object.entries({ "log in": FIRST, dashboard: FIRST_HOME })) {
  const sizes = files(["index.html", ...chunks]).map((file) => gzipSync(readFileSync(new URL(file, dist))).length);
  const sum = sizes.reduce((total, size) => total + size, 0);
  console.log(`${page}: ${(sum / 1000).toFixed(1)} kB of JavaScript, gzipped, in ${sizes.length} files (at most ${LIMIT / 1000})`);
  tooLarge ||= sum > LIMIT;
}
process.exit(tooLarge ? 1 : 0);
