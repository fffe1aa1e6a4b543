/** A `devauth dev` of a test's own: the real program, with an empty database and an inbox. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function program() {
  const path = process.env.DEVAUTH_BIN;
  if (!path) throw new Error("Set DEVAUTH_BIN to the devauth program.");
  return path;
}

/** A port that nobody listens on, below those that the system gives to clients: none of them takes it meanwhile. */
export async function freePort() {
  for (;;) {
    const port = 12_000 + Math.floor(Math.random() * 18_000);
    const server = createServer().listen(port, "127.0.0.1");
    if (!(await once(server, "listening").catch(() => undefined))) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** The environment without what belongs to the tests: DevAuth warns of variables that it doesn't know. */
export function environment() {
  const foreign = (name) => name.startsWith("DEVAUTH_") && name !== "DEVAUTH_PG_BIN";
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign(name)));
}

/** Waits until the DevAuth at `url` can serve. `ended` says that it never will. */
export async function ready(url, ended = () => false) {
  const deadline = Date.now() + 45_000;
  for (;;) {
    if ((await fetch(`${url}/health/ready`).catch(() => undefined))?.ok) return;
    if (ended() || Date.now() > deadline) throw new Error(`${url} did not become ready`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** @returns {Promise<{ url: string, stop: () => Promise<void> }>} */
export async function devauth() {
  const data = mkdtempSync(join(tmpdir(), "devauth-docs-"));
  const [port, admin] = [await freePort(), await freePort()];
  const url = `http://localhost:${port}`;
  const variables = {
    DEVAUTH_BIND: `127.0.0.1:${port}`,
    DEVAUTH_ADMIN_BIND: `127.0.0.1:${admin}`,
    DEVAUTH_DATA_DIR: data,
    DEVAUTH_LOG: "warn",
  };
  const child = spawn(program(), ["dev"], { env: { ...environment(), ...variables }, stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill("SIGINT");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
  try {
    await ready(url, () => child.exitCode !== null);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, stop };
}
