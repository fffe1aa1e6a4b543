import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the portal and its API are. */
    portal: string;
  }
}

/**
 * Provides the portal's address to all tests: `PORTAL_URL` if something serves it already (with an inbox at `/dev/mail`), else
 * that of a `devauth dev` of our own, made from the program that `DEVAUTH_BIN` names. Either has to serve what is in `dist/`: a
 * test of other pages than those of this tree would say nothing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env.PORTAL_URL?.replace(/\/$/, "");
  const devauth = given === undefined ? await startDevauth() : { url: given, stop: async () => {} };
  project.provide("portal", devauth.url);
  await servesTheBuild(devauth.url).catch(async (error: unknown) => {
    await devauth.stop();
    throw error;
  });
  return devauth.stop;
}

/** The document names every script by a hash of what is in it. */
async function servesTheBuild(url: string): Promise<void> {
  const built = readFileSync(fileURLToPath(new URL("../../dist/index.html", import.meta.url)), "utf8");
  const served = await (await fetch(url, { headers: { accept: "text/html" } })).text();
  if (served !== built) {
    throw new Error(
      `${url} serves other pages than dist/. A debug build of devauth reads the dist/ of the tree that it was compiled in; ` +
        "a release build has what was there when it was compiled.",
    );
  }
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

/** A port that nobody listens on, below those that the system gives to clients: none of them takes it meanwhile. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    const server = createServer().listen(port, "127.0.0.1");
    if (!(await once(server, "listening").catch(() => undefined))) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}
