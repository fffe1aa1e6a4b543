/** A real browser, and a web site for it that uses the built package. */
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

const PAGE = `<!doctype html><title>Test</title><link rel="icon" href="data:,"><script type="module">
  import * as sdk from "/dist/index.js";
  window.sdk = sdk;
</script>`;

export class Site {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Site> {
    const server = createServer(async (request, response) => {
      if (!request.url!.startsWith("/dist/")) return void response.setHeader("content-type", "text/html").end(PAGE);
      const file = await readFile(join("dist", basename(request.url!))).catch(() => undefined);
      response.setHeader("content-type", "text/javascript").writeHead(file ? 200 : 404).end(file);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new Site(server);
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** Opens a browser with a profile of its own. `blockStorage` is the user's setting against cookies and site data. */
export async function openBrowser(blockStorage = false): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const profile = await mkdtemp(join(tmpdir(), "devauth-sdk-ts-browser-"));
  if (blockStorage) {
    await mkdir(join(profile, "Default"));
    const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
    await writeFile(join(profile, "Default", "Preferences"), JSON.stringify(preferences));
  }
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
    headless: true,
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
  const close = async (): Promise<void> => {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { context, close };
}
