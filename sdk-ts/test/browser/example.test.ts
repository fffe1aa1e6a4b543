/** The React example as a person uses it, with the real DevAuth. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";

import { openBrowser } from "../support/browser.js";
import { freePort } from "../support/port.js";
import { freshAddress, password, Service } from "../support/service.js";

let service: Service;
let example: ChildProcess;
let origin: string;
let context: BrowserContext;
let close: () => Promise<void>;
let backend: string;
let stopBackend: () => Promise<void>;

beforeAll(async () => {
  const port = await freePort("localhost");
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
  await answers(origin, example);
});
afterAll(async () => {
  if (example.exitCode === null) {
    example.kill();
    await once(example, "exit");
  }
  await stopBackend();
  await service.remove();
});
beforeEach(async () => void ({ context, close } = await openBrowser()));
afterEach(() => close());

/** The FastAPI example of the Python package, as its own command starts it: the two together are one little application. */
async function startBackend(devauth: Service, allowed: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const backend = spawn("../sdk-python/examples/fastapi/run", {
    stdio: ["ignore", "ignore", "inherit"],
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      PORT: String(port),
      DEVAUTH_URL: devauth.url,
      DEVAUTH_APP_ID: devauth.app.appId,
      DEVAUTH_API_KEY: devauth.app.secretKey,
      ALLOWED_ORIGINS: allowed,
    },
  });
  const url = `http://127.0.0.1:${port}`;
  await answers(`${url}/api/health`, backend);
  return {
    url,
    stop: async () => {
      if (backend.exitCode !== null) return;
      backend.kill();
      await once(backend, "exit");
    },
  };
}

/** Waits until something answers at `url`, unless the one who should has ended. */
async function answers(url: string, by: ChildProcess): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await fetch(url).catch(() => undefined))?.ok) {
    if (Date.now() > deadline || by.exitCode !== null) throw new Error(`nothing answers at ${url}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
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

it("the backend knows who calls, and refuses who is nobody", async () => {
  const page = await context.newPage();
  const email = await signup(page);
  await page.getByRole("button", { name: /^Ask / }).click();
  await page.getByTestId("backend").getByText(email).waitFor();
  expect((await fetch(`${backend}/api/me`)).status).toBe(401);
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
