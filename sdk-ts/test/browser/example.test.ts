/** The React example as a person uses it, with the real DevAuth. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";

import { openBrowser } from "../support/browser.js";
import { freshAddress, password, Service } from "../support/service.js";

let service: Service;
let example: ChildProcess;
let origin: string;
let context: BrowserContext;
let close: () => Promise<void>;
let backend: string;
let stopBackend: () => void;

beforeAll(async () => {
  const probe = createServer().listen(0, "localhost");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  origin = `http://localhost:${port}`;
  service = await Service.start({}, [origin]);
  ({ url: backend, stop: stopBackend } = await startBackend(service, origin));
  example = spawn(process.execPath, ["examples/react/start.js"], {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env["PATH"],
      PORT: String(port),
      DEVAUTH_URL: service.url,
      DEVAUTH_APP_ID: service.app.appId,
      DEVAUTH_PUBLISHABLE_KEY: service.app.publishableKey,
      VITE_BACKEND_URL: backend,
    },
  });
  const deadline = Date.now() + 30_000;
  while (!(await fetch(origin).catch(() => undefined))?.ok) {
    if (Date.now() > deadline || example.exitCode !== null) throw new Error("the example did not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
afterAll(async () => {
  if (example.exitCode === null) {
    example.kill();
    await once(example, "exit");
  }
  stopBackend();
  await service.remove();
});
beforeEach(async () => void ({ context, close } = await openBrowser()));
afterEach(() => close());

/** A backend that asks our own server entry who calls, in the way of the FastAPI example. */
async function startBackend(devauth: Service, allowed: string): Promise<{ url: string; stop: () => void }> {
  const { default: express } = await import("express");
  const { expressAuth, TokenVerifier } = await import("../../src/server.js");
  const app = express();
  app.use((request, response, next) => {
    response.set({ "access-control-allow-origin": allowed, "access-control-allow-headers": "authorization" });
    if (request.method === "OPTIONS") response.sendStatus(204);
    else next();
  });
  const verifier = new TokenVerifier({ baseUrl: devauth.url, appId: devauth.app.appId });
  app.get("/api/me", expressAuth(verifier), (request, response) => void response.json({ email: request.auth!.email }));
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, stop: () => void server.close() };
}

const shot = async (page: Page, name: string): Promise<void> => {
  const dir = process.env["SCREENSHOTS"];
  if (!dir) return;
  for (const [size, width] of [["desktop", 1200], ["phone", 390]] as const) {
    await page.setViewportSize({ width, height: 800 });
    await page.screenshot({ path: `${dir}/${name}-${size}.png`, fullPage: true });
  }
};
const signup = async (page: Page): Promise<string> => {
  const email = freshAddress();
  await page.goto(`${origin}/signup`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.getByRole("heading", { name: email }).waitFor();
  return email;
};

it("signup, the protected page, the mailed link, reload, logout, login", async () => {
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`${origin}/sessions`);
  await page.getByRole("heading", { name: "Welcome back" }).waitFor();
  await shot(page, "login");

  const email = await signup(page);
  await page.getByText("not confirmed").waitFor();
  await shot(page, "account");

  await page.goto(`${origin}/verify-email?token=${await service.mailbox.token(email, "verify-email")}`);
  await page.getByRole("button", { name: "Yes, confirm it" }).click();
  await page.getByRole("heading", { name: "Thank you" }).waitFor();
  await page.goto(origin);
  await page.getByText("confirmed", { exact: true }).waitFor();

  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Welcome back" }).waitFor();
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password").fill("wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("The email address or the password is wrong.").waitFor();
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { name: email }).waitFor();
  expect(errors).toEqual([]);
});

it("DevAuth's words stand beside the field they are about", async () => {
  const page = await context.newPage();
  await page.goto(`${origin}/signup`);
  await page.getByLabel("Email").fill(freshAddress());
  await page.getByLabel("Password").fill("password1");
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.locator("input[name=password][aria-invalid=true]").waitFor();
  await shot(page, "signup-refused");
});

it("ten calls at the token's end show one refresh", async () => {
  const page = await context.newPage();
  await signup(page);
  let refreshes = 0;
  page.on("request", (request) => (refreshes += Number(request.method() === "POST" && request.url().endsWith("/refresh"))));
  await page.getByRole("button", { name: "Let it expire" }).click();
  await page.getByText("10 of 10 calls answered").waitFor();
  await page.getByText("New tokens, without you noticing").waitFor();
  expect(refreshes).toBe(1);
  await page.getByRole("button", { name: /^Ask / }).click();
  await page.getByTestId("backend").waitFor();
  await shot(page, "refreshed");
});

it("the backend knows who calls", async () => {
  const page = await context.newPage();
  const email = await signup(page);
  await page.getByRole("button", { name: /^Ask / }).click();
  await page.getByTestId("backend").getByText(email).waitFor();
});

it("sessions are listed and ended, and the other tab hears of it", async () => {
  const page = await context.newPage();
  await signup(page);
  const tab = await context.newPage();
  await tab.goto(`${origin}/sessions`);
  await tab.getByText("this one").waitFor();
  await shot(tab, "sessions");
  await tab.getByRole("button", { name: "Log out everywhere" }).click();
  await tab.getByRole("heading", { name: "Welcome back" }).waitFor();
  await page.getByText("You logged out in another tab.").waitFor();
});

it("a forgotten password", async () => {
  const page = await context.newPage();
  const email = await signup(page);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.goto(`${origin}/forgot`);
  await page.getByLabel("Email").fill(email);
  await page.getByRole("button", { name: "Mail me a link" }).click();
  await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
  await page.goto(`${origin}/reset-password?token=${await service.mailbox.token(email, "reset-password")}`);
  await page.getByLabel("Password").fill("ten-badgers-bake-bread");
  await page.getByRole("button", { name: "Save it" }).click();
  await page.getByRole("heading", { name: "That worked" }).waitFor();
});
