/** A DevAuth of a test's own: the real program, with a database of its own. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";

import { DevAuthClient, type DevAuthClientOptions } from "../../src/index.js";
import { Mailbox } from "./mailbox.js";
import { freePort } from "./port.js";

const run = promisify(execFile);

export interface Application {
  appId: string;
  appSecret: string;
  secretKey: string;
  publishableKey: string;
}

export const password = "nine-otters-drink-tea";
export const freshAddress = (): string => `ada-${randomBytes(6).toString("hex")}@example.org`;

function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: see "Tests" in README.md`);
  return value;
}

export class Service {
  readonly #binary = needed("DEVAUTH_BIN");
  #process: ChildProcess | undefined;
  #database = "";
  #dir = "";
  #env: Record<string, string> = {};
  url = "";
  mailbox!: Mailbox;
  app!: Application;

  /** Starts it, and makes an application with keys of both types. `settings` are environment variables of DevAuth. */
  static async start(settings: Record<string, string> = {}, allowedOrigins: string[] = []): Promise<Service> {
    const service = new Service();
    const [port, admin] = [await freePort(), await freePort()];
    service.url = `http://127.0.0.1:${port}`;
    service.mailbox = await Mailbox.start();
    service.#dir = await mkdtemp(join(tmpdir(), "devauth-sdk-ts-"));
    await run(service.#binary, ["keys", "generate", "--dir", service.#dir]);
    service.#env = {
      PATH: process.env["PATH"] ?? "",
      HOME: service.#dir,
      DEVAUTH_ENV: "test",
      DEVAUTH_BCRYPT_COST: "4",
      DEVAUTH_RATE_LIMIT_PER_MINUTE: "100000",
      DEVAUTH_LOG: "warn",
      DATABASE_URL: await service.#createDatabase(),
      REDIS_URL: needed("DEVAUTH_TEST_REDIS_URL"),
      SMTP_URL: service.mailbox.url,
      DEVAUTH_MAIL_FROM: "no-reply@example.com",
      DEVAUTH_PUBLIC_URL: service.url,
      DEVAUTH_BIND: `127.0.0.1:${port}`,
      DEVAUTH_ADMIN_BIND: `127.0.0.1:${admin}`,
      DEVAUTH_ENCRYPTION_KEY_FILE: join(service.#dir, "encryption.key"),
      DEVAUTH_JWT_PRIVATE_KEY_FILE: join(service.#dir, "jwt.pem"),
      ...settings,
    };
    await service.up();
    service.app = await service.#application(allowedOrigins);
    return service;
  }

  /** Starts the process and waits until it can serve. */
  async up(): Promise<void> {
    const child = spawn(this.#binary, ["serve"], { env: this.#env, stdio: ["ignore", "ignore", "inherit"] });
    this.#process = child;
    const deadline = Date.now() + 30_000;
    for (;;) {
      if (child.exitCode !== null) throw new Error(`devauth serve ended with ${child.exitCode}`);
      if (Date.now() > deadline) throw new Error("devauth serve did not become ready");
      const ready = await fetch(`${this.url}/health/ready`).catch(() => undefined);
      if (ready?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }

  /** Ends the process and waits until it is gone. */
  async down(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill(signal);
    await gone;
  }

  /** Runs a command of the program beside the service. */
  async command(...args: string[]): Promise<string> {
    return (await run(this.#binary, args, { env: this.#env })).stdout;
  }

  /** Ends everything and removes what was made. */
  async remove(): Promise<void> {
    await this.down();
    await this.mailbox.close();
    await this.#admin(`DROP DATABASE IF EXISTS ${this.#database} WITH (FORCE)`);
    await rm(this.#dir, { recursive: true, force: true });
  }

  /** A client with the publishable key, and a storage of its own. */
  client(options: Partial<DevAuthClientOptions> = {}): DevAuthClient {
    return new DevAuthClient({ appId: this.app.appId, apiKey: this.app.publishableKey, baseUrl: this.url, ...options });
  }

  /** A client with a new user who is logged in. */
  async loggedIn(options: Partial<DevAuthClientOptions> = {}): Promise<{ client: DevAuthClient; email: string }> {
    const client = this.client(options);
    const email = freshAddress();
    await client.signup({ email, password });
    await client.login({ email, password });
    return { client, email };
  }

  async #createDatabase(): Promise<string> {
    this.#database = `sdk_ts_${randomBytes(6).toString("hex")}`;
    await this.#admin(`CREATE DATABASE ${this.#database}`);
    return needed("DEVAUTH_TEST_DATABASE_URL").replace(/^(postgres:\/\/[^/]*\/)[^?]*/, `$1${this.#database}`);
  }

  async #admin(statement: string): Promise<void> {
    const client = new pg.Client({ connectionString: needed("DEVAUTH_TEST_DATABASE_URL") });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  }

  async #application(allowedOrigins: string[]): Promise<Application> {
    const developer = { email: "dev@example.com", password: "quiet-lanterns-over-wool" };
    await this.#portal("POST", "/developers/signup", developer);
    const { access_token: token } = await this.#portal("POST", "/developers/login", developer);
    const made = await this.#portal("POST", "/applications", { name: "Test", environment: "development" }, token);
    const path = `/applications/${made["app_id"]}`;
    const settings = { allowed_origins: allowedOrigins };
    if (allowedOrigins.length > 0) await this.#portal("PATCH", path, { settings }, token);
    const key = async (type: string): Promise<string> =>
      (await this.#portal("POST", `${path}/api-keys`, { label: type, type, rate_limit_per_minute: 100_000 }, token))["key"]!;
    return {
      appId: made["app_id"]!,
      appSecret: made["app_secret"]!,
      secretKey: await key("secret"),
      publishableKey: await key("publishable"),
    };
  }

  async #portal(method: string, path: string, body: object, token?: string): Promise<Record<string, string>> {
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (token) headers["authorization"] = `Bearer ${token}`;
    const answer = await fetch(`${this.url}/v1/portal${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}`);
    return (await answer.json()) as Record<string, string>;
  }
}
