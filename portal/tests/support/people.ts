import type { Page } from "playwright-core";
import { portal } from "./browser";

export const PASSWORD = "quiet-lanterns-over-wool";
let counter = 0;

/** An address that nobody had before. */
export function freshEmail(who = "dev"): string {
  counter += 1;
  return `${who}-${process.pid}-${Date.now().toString(36)}-${counter}@example.com`;
}

/** A call of the API, as a program would make it. */
export async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const answer = await fetch(portal + path, {
    method,
    headers: { ...(body !== undefined && { "content-type": "application/json" }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? null : JSON.parse(text) };
}

/** A developer who exists, with a token to make things by. */
export async function newDeveloper(name?: string, email = freshEmail()) {
  await expectStatus(201, call("POST", "/v1/portal/developers/signup", { email, password: PASSWORD, ...(name && { name }) }));
  const { access_token } = await expectStatus(200, call("POST", "/v1/portal/developers/login", { email, password: PASSWORD }));
  const headers = { authorization: `Bearer ${access_token}` };
  return {
    email,
    /** Creates an application with a secret key. */
    async newApplication(name: string, environment = "development") {
      const { app_id } = await expectStatus(201, call("POST", "/v1/portal/applications", { name, environment }, headers));
      const { key } = await expectStatus(
        201,
        call("POST", `/v1/portal/applications/${app_id}/api-keys`, { label: "web server", type: "secret", rate_limit_per_minute: 100000 }, headers),
      );
      return { appId: app_id as string, key: key as string };
    },
    call: (method: string, path: string, body?: unknown) => call(method, path, body, headers),
  };
}

/** A user of an application. */
export function newUser(app: { appId: string; key: string }, email = freshEmail("user")) {
  return expectStatus(201, appCall(app, "POST", "/signup", { email, password: PASSWORD }));
}

/** A call of an application's server. */
export function appCall(app: { appId: string; key: string }, method: string, path: string, body?: unknown) {
  return call(method, `/v1/auth${path}`, body, { "x-app-id": app.appId, "x-api-key": app.key });
}

/** Logs in through the page. */
export async function logIn(page: Page, email: string): Promise<void> {
  await page.goto("/login");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Applications" }).waitFor();
}

/** The token of the newest mail to an address whose link leads to this page. */
export async function mailedToken(email: string, page: "verify-email" | "reset-password"): Promise<string> {
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const { body } = await call("GET", `/dev/mail?format=json&to=${encodeURIComponent(email)}`);
    const found = new RegExp(`${page}\\?token=([\\w-]+)`).exec(JSON.stringify(body));
    if (found?.[1] !== undefined) return found[1];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no mail with a link to ${page}`);
}

export async function expectStatus(status: number, answer: ReturnType<typeof call>) {
  const got = await answer;
  if (got.status !== status) throw new Error(`status ${got.status} in place of ${status}: ${got.body?.code ?? ""}`);
  return got.body;
}
