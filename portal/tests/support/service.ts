import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { preview } from "vite";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the portal and its API are. */
    portal: string;
  }
}

/**
 * Provides the portal's address to all tests: `PORTAL_URL` if something serves it already (with an inbox at `/dev/mail`), else
 * the built files in front of a `devauth dev` of our own, made from the program that `DEVAUTH_BIN` names.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.PORTAL_URL;
  if (given !== undefined) {
    project.provide("portal", given.replace(/\/$/, ""));
    return async () => {};
  }
  const devauth = await startDevauth();
  process.env.DEVAUTH_URL = devauth.url;
  const pages = await preview({ preview: { port: await freePort(), strictPort: true }, logLevel: "warn" });
  const url = pages.resolvedUrls?.local[0];
  if (url === undefined) throw new Error("vite preview has an address");
  project.provide("portal", url.replace(/\/$/, ""));
  return async () => {
    await pages.close();
    await devauth.stop();
  };
}

async function startDevauth() {
  // Not for the program itself, which warns of variables that it doesn't know.
  const { DEVAUTH_BIN: program, ...env } = process.env;
  if (program === undefined) throw new Error("Set DEVAUTH_BIN to a devauth program, or PORTAL_URL to a portal that is up.");
  const data = mkdtempSync(join(tmpdir(), "devauth-portal-"));
  const [port, admin] = [await freePort(), await freePort()];
  const child = spawn(program, ["dev"], {
    env: {
      ...env,
      DEVAUTH_BIND: `127.0.0.1:${port}`,
      DEVAUTH_ADMIN_BIND: `127.0.0.1:${admin}`,
      DEVAUTH_DATA_DIR: data,
      DEVAUTH_LOG: "warn",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const stop = async () => {
    child.kill("SIGINT");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  const url = `http://localhost:${port}`;
  await answers(`${url}/health/ready`, child).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { url, stop };
}

async function answers(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`devauth ended with status ${child.exitCode}`);
    if ((await fetch(url).catch(() => undefined))?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} did not answer within a minute`);
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port"))));
    });
  });
}
