import type { BrowserContext } from "playwright-core";
import { call, expectStatus, mailedToken, newDeveloper, PASSWORD } from "./people";

const PEOPLE = [
  "ada.lovelace", "alan.turing", "annie.easley", "barbara.liskov", "bjarne", "dennis", "donald.knuth", "edsger", "evelyn.boyd",
  "frances.allen", "gladys.west", "grete.hermann", "hedy", "ida.rhodes", "jean.bartik", "joan.clarke", "john.backus", "karen.sj",
  "katherine", "ken.thompson", "konrad.zuse", "leslie", "lynn.conway", "margaret.hamilton", "mary.jackson", "niklaus.wirth",
  "radia.perlman", "sophie.wilson", "tony.hoare", "wendy.hall",
];
const HOSTS = ["example.com", "mail.example.org", "example.net"];
const DEVICES = [
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15",
  "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
  "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1",
];

/** A developer with several applications, one of which has the users, keys and troubles of a shop. */
export async function lifelike() {
  const developer = await newDeveloper("Grace Hopper");
  await expectStatus(
    200,
    call("POST", "/v1/portal/developers/email/verify/confirm", { token: await mailedToken(developer.email, "verify-email") }),
  );
  const shop = await developer.newApplication("Bookshop", "production");
  const others = [];
  for (const [name, environment] of [
    ["Bookshop (staging)", "staging"],
    ["Reading groups", "production"],
    ["Publisher's desk", "staging"],
    ["My machine", "development"],
  ] as const) {
    others.push(await developer.newApplication(name, environment));
  }
  const keys = `/v1/portal/applications/${shop.appId}/api-keys`;
  await expectStatus(201, developer.call("POST", keys, { label: "web page", type: "publishable" }));
  await expectStatus(201, developer.call("POST", keys, { label: "nightly export", type: "secret", rate_limit_per_minute: 600 }));
  const old = await expectStatus(201, developer.call("POST", keys, { label: "web server of last year", type: "secret" }));
  await expectStatus(204, developer.call("DELETE", `${keys}/${old.id}`));
  await expectStatus(
    200,
    developer.call("PATCH", `/v1/portal/applications/${shop.appId}`, {
      settings: { app_url: "https://bookshop.example", allowed_origins: ["https://bookshop.example", "https://www.bookshop.example"] },
    }),
  );

  const users: { id: string; email: string }[] = [];
  const signUp = async (from: number, step: number) => {
    for (let index = from; index < PEOPLE.length; index += step) {
      const email = `${PEOPLE[index]}@${HOSTS[index % HOSTS.length]}`;
      const metadata = { plan: index % 4 === 0 ? "patron" : "reader", locale: "en-GB" };
      const { user } = await expectStatus(201, passedOn(shop, index, "/signup", { email, password: PASSWORD, metadata }));
      users.push({ id: user.id, email });
      if (index % 3 !== 0) {
        await expectStatus(200, passedOn(shop, index, "/email/verify/confirm", { token: await mailedToken(email, "verify-email") }));
      }
      if (index % 5 !== 0) await expectStatus(200, passedOn(shop, index, "/login", { email, password: PASSWORD }));
    }
  };
  await Promise.all([signUp(0, 2), signUp(1, 2)]);

  // One who was here more often, so that there is something to look back on.
  const barbara = users.find(({ email }) => email.startsWith("barbara")) ?? users[0];
  if (barbara === undefined) throw new Error("somebody signed up");
  const ofBarbara = `/v1/portal/applications/${shop.appId}/users/${barbara.id}`;
  const logIn = (device: number, password = PASSWORD) => passedOn(shop, device, "/login", { email: barbara.email, password });
  await logIn(1, "not the password");
  await logIn(1);
  await expectStatus(204, developer.call("POST", `${ofBarbara}/suspend`));
  await expectStatus(204, developer.call("POST", `${ofBarbara}/restore`));
  const { refresh_token } = await expectStatus(200, logIn(0));
  await expectStatus(200, logIn(3));
  await expectStatus(200, passedOn(shop, 0, "/refresh", { refresh_token }));
  for (const who of ["edsger", "hedy"]) {
    const id = users.find(({ email }) => email.startsWith(who))?.id;
    await expectStatus(204, developer.call("POST", `/v1/portal/applications/${shop.appId}/users/${id}/suspend`));
  }
  return { developer, shop, other: others[3] ?? shop, barbara: barbara.id };
}

/** A call that an application's server passes on for one of its users. */
function passedOn(app: { appId: string; key: string }, index: number, path: string, body: unknown) {
  return call("POST", `/v1/auth${path}`, body, {
    "x-app-id": app.appId,
    "x-api-key": app.key,
    "user-agent": DEVICES[index % DEVICES.length] ?? "",
    "x-devauth-client-ip": `192.0.2.${index + 10}`,
  });
}

/** For pictures: thirty days can't be waited for. What applications did in them is made up from their ids; the rest is real. */
export async function withThirtyDays(context: BrowserContext): Promise<void> {
  await context.route(/\/v1\/portal\/applications\/[^/]+\/statistics/, async (route) => {
    const seed = Array.from(route.request().url()).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9973, 7);
    const days = Array.from({ length: 30 }, (_, index) => {
      const date = new Date(Date.now() - (29 - index) * 86_400_000);
      const weekend = [0, 6].includes(date.getUTCDay()) ? 0.6 : 1;
      const wave = 1 + 0.25 * Math.sin(index * 1.7 + seed) + index / 40;
      const logins = Math.round((seed % 190) * weekend * wave);
      return { date: date.toISOString().slice(0, 10), logins, signups: Math.round((logins / 11) * (1 + 0.4 * Math.cos(index * 2.3))) };
    });
    const users = seed * 2 + 30;
    await route.fulfill({
      json: { users, verified: Math.round(users * 0.87), suspended: seed % 7, active_sessions: Math.round(users * 0.31), days },
    });
  });
}
