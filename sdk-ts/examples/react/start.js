/**
 * `npm start`: makes an application for this page in the DevAuth of `./dev up`, keeps it in .env.local, and serves the page.
 *
 * DEVAUTH_URL and PORT take other places. DEVAUTH_APP_ID and DEVAUTH_PUBLISHABLE_KEY take an application that exists; with VITE_BACKEND_URL
 * that of the FastAPI example is taken, so that both know the same users.
 */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "vite";

const devauth = process.env.DEVAUTH_URL ?? "http://localhost:8080";
const origin = `http://localhost:${process.env.PORT ?? 5173}`;
const root = import.meta.dirname;
const ofBackend = `${root}/../../../sdk-python/examples/fastapi/.env`;
const ownFile = `${root}/.env.local`;

function variables(file) {
  if (!existsSync(file)) return {};
  const lines = readFileSync(file, "utf8").split("\n").map((line) => /^(\w+)=["']?(.*?)["']?$/.exec(line)).filter(Boolean);
  return Object.fromEntries(lines.map(([, name, value]) => [name, value]));
}

async function portal(method, path, body, token) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${devauth}/v1/portal${path}`, { method, headers, body: JSON.stringify(body) }).catch(() => {
    console.error(`There is no DevAuth at ${devauth}. Run ./dev up in the repository's root, or set DEVAUTH_URL.`);
    process.exit(1);
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${(await answer.json()).code}`);
  return answer.json();
}

async function newApplication() {
  // A developer of its own each time: nothing of yours is touched.
  const id = randomBytes(5).toString("hex");
  const developer = { email: `example-${id}@example.com`, password: randomBytes(16).toString("base64url") };
  await portal("POST", "/developers/signup", developer);
  const { access_token: token } = await portal("POST", "/developers/login", developer);
  const { app_id: appId } = await portal("POST", "/applications", { name: "Corner Bookshop", environment: "development" }, token);
  await portal("PATCH", `/applications/${appId}`, { settings: { allowed_origins: [origin], app_url: origin } }, token);
  const key = { label: "page", type: "publishable", rate_limit_per_minute: 600 };
  return { appId, apiKey: (await portal("POST", `/applications/${appId}/api-keys`, key, token)).key };
}

async function application() {
  const given = process.env.VITE_BACKEND_URL ? { ...variables(ofBackend), ...process.env } : process.env;
  if (given.DEVAUTH_APP_ID && given.DEVAUTH_PUBLISHABLE_KEY) {
    return { appId: given.DEVAUTH_APP_ID, apiKey: given.DEVAUTH_PUBLISHABLE_KEY };
  }
  const kept = variables(ownFile);
  if (kept.DEVAUTH_URL === devauth && kept.ORIGIN === origin) {
    return { appId: kept.DEVAUTH_APP_ID, apiKey: kept.DEVAUTH_PUBLISHABLE_KEY };
  }
  const { appId, apiKey } = await newApplication();
  const lines = { DEVAUTH_URL: devauth, ORIGIN: origin, DEVAUTH_APP_ID: appId, DEVAUTH_PUBLISHABLE_KEY: apiKey };
  writeFileSync(ownFile, Object.entries(lines).map(([name, value]) => `${name}=${value}\n`).join(""), { mode: 0o600 });
  return { appId, apiKey };
}

const { appId, apiKey } = await application();
Object.assign(process.env, { VITE_DEVAUTH_URL: devauth, VITE_DEVAUTH_APP_ID: appId, VITE_DEVAUTH_API_KEY: apiKey });
const server = await createServer({ root });
await server.listen();
console.log(`The bookshop is open at ${origin} (application ${appId}). Mails arrive at ${devauth}/dev/mail. Ctrl-C closes it.`);
