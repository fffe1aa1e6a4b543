/** The built site, served as a plain host of files does it. */
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../.vitepress/dist/", import.meta.url));
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** The text of every page, by its path on the site. */
export function builtPages() {
  if (!existsSync(join(root, "index.html"))) throw new Error("Build the site first: npm run build");
  const names = readdirSync(root, { recursive: true }).filter((name) => name.endsWith(".html"));
  return new Map(names.sort().map((name) => [`/${name}`, readFileSync(join(root, name), "utf8")]));
}

/** The file that answers a path, or nothing. */
export function fileOf(path) {
  const file = join(root, decodeURIComponent(path).replace(/\/$/, "/index.html"));
  return existsSync(file) && statSync(file).isFile() ? file : undefined;
}

/** @returns {Promise<{ url: string, close: () => Promise<void> }>} */
export async function serve() {
  const server = createServer((request, response) => {
    const file = fileOf(new URL(request.url, "http://site").pathname);
    if (file === undefined) return void response.writeHead(404).end();
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream");
    response.end(readFileSync(file));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${server.address().port}`, close };
}
