/** Where the examples of a page begin: `<!-- begin: … -->` names one. Each has the variables of the one before, too. */
import { mailedToken } from "./mailbox.js";

const grace = { email: "grace@example.com", password: "quiet-lanterns-over-wool" };
const ada = { email: "ada@example.com", password: "nine-otters-drink-tea" };

async function post(url, body, headers = {}) {
  const sent = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
  const answer = await fetch(url, sent);
  if (!answer.ok) throw new Error(`POST ${url} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** Nothing but DevAuth. */
const nothing = async () => ({});

/** A developer with an application and a secret key. */
async function application(url) {
  const portal = `${url}/v1/portal`;
  await post(`${portal}/developers/signup`, grace);
  const { access_token: token } = await post(`${portal}/developers/login`, grace);
  const bearer = { authorization: `Bearer ${token}` };
  const { app_id, app_secret } = await post(`${portal}/applications`, { name: "Bookshop", environment: "development" }, bearer);
  const { key } = await post(`${portal}/applications/${app_id}/api-keys`, { label: "server" }, bearer);
  return { PORTAL_TOKEN: token, APP_ID: app_id, APP_SECRET: app_secret, API_KEY: key };
}

/** Ada has signed up and verified her address. */
async function user(url) {
  const variables = await application(url);
  const key = { "x-app-id": variables.APP_ID, "x-api-key": variables.API_KEY };
  const { user: signedUp } = await post(`${url}/v1/auth/signup`, { ...ada, metadata: { plan: "free" } }, key);
  const token = await mailedToken(url, { to: ada.email, page: "verify-email", count: 1 });
  await post(`${url}/v1/auth/email/verify/confirm`, { token }, key);
  return { ...variables, USER_ID: signedUp.id };
}

/** Ada is logged in. */
async function session(url) {
  const variables = await user(url);
  const key = { "x-app-id": variables.APP_ID, "x-api-key": variables.API_KEY };
  const tokens = await post(`${url}/v1/auth/login`, ada, key);
  return { ...variables, ACCESS_TOKEN: tokens.access_token, REFRESH_TOKEN: tokens.refresh_token };
}

export const beginnings = { nothing, application, user, session };
