/** A DevAuth in memory: enough of it to see what the client sends, and to answer as it pleases. */
import { DevAuthClient, type DevAuthClientOptions, type User, memoryStorage } from "../../src/index.js";

export interface Seen {
  method: string;
  path: string;
  headers: Headers;
  body: any;
}

type Reply = Response | Error | Promise<Response>;
export type Handler = (request: Seen) => Reply;

export const user: User = {
  id: "usr_01ja3vks5re0b8n1q2s4t6v8wx",
  app_id: "app_01ja3vks5re0b8n1q2s4t6v8wx",
  email: "ada@example.org",
  email_verified: true,
  status: "active",
  metadata: {},
  created_at: "2026-11-23T12:00:00Z",
  updated_at: "2026-11-23T12:00:00Z",
  last_login_at: null,
};

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(body === undefined ? null : JSON.stringify(body), { status, headers });

export const problem = (status: number, code: string, headers: Record<string, string> = {}, more: object = {}): Response =>
  json(status, { type: "about:blank", title: code, status, code, detail: `It is ${code}.`, request_id: "req-12345678", ...more }, headers);

export const broken = (): Error => new TypeError("fetch failed");

/** Answers refreshes as DevAuth does, one token after the other; anything else by `routes`. */
export class FakeDevAuth {
  readonly seen: Seen[] = [];
  readonly routes = new Map<string, Handler>();
  /** The refresh token that is good now is `r<step>`, the access token `a<step>`. */
  step = 1;
  refreshes = 0;
  lifetime = 900;

  fetch = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const seen: Seen = {
      method: init.method ?? "GET",
      path: new URL(url).pathname,
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
    };
    this.seen.push(seen);
    await Promise.resolve();
    const handler = this.routes.get(`${seen.method} ${seen.path}`) ?? this.#own(seen);
    const reply = await handler(seen);
    if (reply instanceof Error) throw reply;
    return reply;
  };

  on(route: string, ...handlers: Handler[]): this {
    let next = 0;
    this.routes.set(route, (request) => handlers[Math.min(next++, handlers.length - 1)]!(request));
    return this;
  }

  count(path: string): number {
    return this.seen.filter((seen) => seen.path === path).length;
  }

  tokens(): object {
    return {
      access_token: `a${this.step}`,
      token_type: "Bearer",
      expires_in: this.lifetime,
      refresh_token: `r${this.step}`,
      refresh_expires_in: 604_800,
      user,
    };
  }

  #own(request: Seen): Handler {
    if (request.path === "/v1/auth/login") return () => json(200, this.tokens());
    if (request.path === "/v1/auth/refresh") return () => this.refresh(request);
    if (request.path === "/v1/auth/logout") return () => json(204, undefined);
    if (request.path === "/v1/auth/me") {
      const good = request.headers.get("authorization") === `Bearer a${this.step}`;
      return () => (good ? json(200, { user }) : problem(401, "invalid_token"));
    }
    return () => problem(404, "not_found");
  }

  refresh(request: Seen): Response {
    this.refreshes += 1;
    if (request.body.refresh_token !== `r${this.step}`) return problem(401, "refresh_token_reused");
    this.step += 1;
    return json(200, this.tokens());
  }

  /** What DevAuth does when a session's access token ends: the next call meets a 401. */
  expire(): void {
    const old = `r${this.step}`;
    this.step += 1;
    this.on("POST /v1/auth/refresh", (request) => {
      if (request.body.refresh_token === old) {
        this.refreshes += 1;
        return json(200, this.tokens());
      }
      return this.refresh(request);
    });
  }

  client(options: Partial<DevAuthClientOptions> = {}): DevAuthClient {
    return new DevAuthClient({
      appId: user.app_id,
      apiKey: "dvk_pk_example",
      baseUrl: "https://auth.example.com/",
      fetch: this.fetch,
      storage: memoryStorage(),
      ...options,
    });
  }

  async loggedIn(options: Partial<DevAuthClientOptions> = {}): Promise<DevAuthClient> {
    const client = this.client(options);
    await client.login({ email: user.email, password: "nine-otters-drink-tea" });
    return client;
  }
}

/** A storage that several clients share, with or without a lock. */
export function sharedStorage(locks: boolean) {
  const values = new Map<string, string>();
  let last: Promise<unknown> = Promise.resolve();
  const storage = {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  };
  const lock = <T>(_key: string, work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work, work);
    last = mine.catch(() => {});
    return mine;
  };
  return { values, storage: locks ? { ...storage, lock } : storage };
}
