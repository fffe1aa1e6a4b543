import { mkdir, open, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import type { AuthStorage } from "../storage.js";

/** A lock that was not touched for so long, in milliseconds, belongs to a process that died. */
const STALE = 10_000;
/** How often a lock that is held is touched, and how often one that somebody else holds is tried again. */
const TOUCH = 2_000;
const TRY_AGAIN = 25;

/**
 * Keeps the session of a program for the command line in a file that only its user can read. Processes that share the file
 * refresh once together.
 *
 * @param path The file. Its directory is made if it is missing.
 */
export function fileStorage(path: string): AuthStorage {
  return {
    async getItem(key) {
      return (await all(path))[key] ?? null;
    },
    setItem: (key, value) => change(path, (values) => (values[key] = value)),
    removeItem: (key) => change(path, (values) => delete values[key]),
    lock: (_key, work) => locked(`${path}.lock`, work),
  };
}

async function all(path: string): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT" || error instanceof SyntaxError) return {};
    throw error;
  }
}

// Written beside and moved into place: a reader never sees half of it.
async function change(path: string, edit: (values: Record<string, string>) => unknown): Promise<void> {
  const values = await all(path);
  edit(values);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(fresh, JSON.stringify(values), { mode: 0o600 });
  await rename(fresh, path);
}

async function locked<T>(path: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  while (!(await taken(path))) {
    await removeIfStale(path);
    await sleep(TRY_AGAIN);
  }
  const touching = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => {}), TOUCH);
  touching.unref();
  try {
    return await work();
  } finally {
    clearInterval(touching);
    await rm(path, { force: true });
  }
}

async function taken(path: string): Promise<boolean> {
  try {
    await (await open(path, "wx", 0o600)).close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

async function removeIfStale(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found && Date.now() - found.mtimeMs > STALE) await rm(path, { force: true });
}
