/**
 * The examples of the reference and the requests of the Postman collection: one story, told in order, in which each route is
 * called at least once. A step names its operation by its `operationId`; who calls follows from the OpenAPI document.
 *
 * - `body`, `form`, `query`, `headers`: what is sent. `$NAME` stands for a variable that an earlier step saved.
 * - `status`: what it answers. A route's first step is the example of the route; further ones are shown under their `title`.
 * - `save`: variables, by the path of their value in the answer.
 * - `mail`: a variable, filled with the token of the newest mail to that address with a link to that page.
 * - `aside`: the step moves the story on and is not shown.
 */

const grace = "grace@example.com";
const ada = "ada@example.com";
const passwords = {
  grace: ["quiet-lanterns-over-wool", "seven-kites-above-rye", "slow-ferries-carry-plums"],
  ada: ["nine-otters-drink-tea", "twelve-geese-ride-trams", "ten-badgers-bake-bread"],
};

const graceLogsIn = (password, extra = {}) => ({
  operation: "loginDeveloper",
  body: { email: grace, password },
  status: 200,
  save: { PORTAL_TOKEN: "access_token" },
  ...extra,
});
const adaLogsIn = (password, extra = {}) => ({
  operation: "login",
  body: { email: ada, password },
  status: 200,
  save: { ACCESS_TOKEN: "access_token", REFRESH_TOKEN: "refresh_token" },
  ...extra,
});
const aside = { aside: true };
/** Another device: its tokens are nobody's. */
const elsewhere = { aside: true, save: {} };

export const chapters = [
  {
    name: "Health",
    steps: [
      { operation: "getLiveness", status: 200 },
      { operation: "getReadiness", status: 200 },
    ],
  },
  {
    name: "Developers",
    steps: [
      { operation: "signupDeveloper", body: { email: grace, password: passwords.grace[0], name: "Grace" }, status: 201 },
      {
        operation: "requestDeveloperEmailVerification",
        body: { email: grace },
        status: 202,
        mail: { TOKEN: { to: grace, page: "verify-email", count: 2 } },
      },
      { operation: "confirmDeveloperEmailVerification", body: { token: "$TOKEN" }, status: 200 },
      graceLogsIn(passwords.grace[0]),
      {
        operation: "loginDeveloper",
        title: "A wrong password",
        body: { email: grace, password: "not-that-one" },
        status: 401,
      },
      { operation: "getDeveloper", status: 200 },
      { operation: "updateDeveloper", body: { name: "Grace H." }, status: 200 },
      graceLogsIn(passwords.grace[0], elsewhere),
      { operation: "listDeveloperSessions", status: 200, save: { SESSION_ID: "data.0.id" } },
      { operation: "revokeDeveloperSession", status: 204 },
      {
        operation: "requestDeveloperPasswordReset",
        body: { email: grace },
        status: 202,
        mail: { TOKEN: { to: grace, page: "reset-password", count: 1 } },
      },
      {
        operation: "confirmDeveloperPasswordReset",
        body: { token: "$TOKEN", password: passwords.grace[1] },
        status: 200,
      },
      graceLogsIn(passwords.grace[1], aside),
      {
        operation: "changeDeveloperPassword",
        body: { current_password: passwords.grace[1], password: passwords.grace[2] },
        status: 204,
      },
      graceLogsIn(passwords.grace[2], aside),
      { operation: "logoutDeveloper", status: 204 },
      { operation: "getDeveloper", title: "After a logout", status: 401 },
      graceLogsIn(passwords.grace[2], aside),
      { operation: "logoutDeveloperEverywhere", status: 204 },
      graceLogsIn(passwords.grace[2], aside),
    ],
  },
  {
    name: "Applications",
    steps: [
      {
        operation: "createApplication",
        body: { name: "Bookshop", environment: "production" },
        status: 201,
        save: { APP_ID: "app_id", APP_SECRET: "app_secret" },
      },
      { operation: "listApplications", status: 200 },
      { operation: "getApplication", status: 200 },
      {
        operation: "updateApplication",
        body: { settings: { app_url: "https://shop.example.com", allowed_origins: ["https://shop.example.com"] } },
        status: 200,
      },
      {
        operation: "updateApplication",
        title: "A value that can't be",
        body: { settings: { signup_mode: "closed" } },
        status: 422,
      },
      { operation: "rotateAppSecret", status: 200, save: { APP_SECRET: "app_secret" } },
      {
        operation: "createApplication",
        body: { name: "Teashop", environment: "development" },
        status: 201,
        save: { OTHER_APP_ID: "app_id" },
        ...aside,
      },
      { operation: "deleteApplication", path: { app_id: "$OTHER_APP_ID" }, status: 204 },
      {
        operation: "getApplication",
        title: "One that is gone, or somebody else's",
        path: { app_id: "$OTHER_APP_ID" },
        status: 404,
      },
    ],
  },
  {
    name: "API keys",
    steps: [
      {
        operation: "issueApiKey",
        body: { label: "web server", type: "secret", rate_limit_per_minute: 600 },
        status: 201,
        save: { API_KEY: "key" },
      },
      {
        operation: "issueApiKey",
        title: "A key for pages and apps",
        body: { label: "shop page", type: "publishable" },
        status: 201,
        save: { PUBLISHABLE_KEY: "key", KEY_ID: "id" },
      },
      { operation: "listApiKeys", query: { limit: 10 }, status: 200 },
      { operation: "revokeApiKey", status: 204 },
    ],
  },
  {
    name: "Users",
    steps: [
      {
        operation: "signup",
        headers: { "Idempotency-Key": "order-4711-signup" },
        body: { email: ada, password: passwords.ada[0], metadata: { plan: "free" } },
        status: 201,
        save: { USER_ID: "user.id" },
      },
      {
        operation: "signup",
        title: "An address that has an account",
        body: { email: ada, password: passwords.ada[0] },
        status: 409,
      },
      {
        operation: "signup",
        title: "A password that is too short",
        body: { email: "bob@example.com", password: "short" },
        status: 422,
      },
      adaLogsIn(passwords.ada[0]),
      { operation: "login", title: "A wrong password", body: { email: ada, password: "not-that-one" }, status: 401 },
      { operation: "getMe", status: 200 },
      {
        operation: "refresh",
        body: { refresh_token: "$REFRESH_TOKEN" },
        status: 200,
        save: { ACCESS_TOKEN: "access_token", REFRESH_TOKEN: "refresh_token" },
      },
      { operation: "logout", body: { refresh_token: "$REFRESH_TOKEN" }, status: 204 },
      { operation: "refresh", title: "After a logout", body: { refresh_token: "$REFRESH_TOKEN" }, status: 401 },
      { operation: "getMe", title: "After a logout", status: 401 },
      adaLogsIn(passwords.ada[0], aside),
    ],
  },
  {
    name: "E-mail and password",
    steps: [
      {
        operation: "requestEmailVerification",
        body: { email: ada },
        status: 202,
        mail: { TOKEN: { to: ada, page: "verify-email", count: 2 } },
      },
      { operation: "confirmEmailVerification", body: { token: "$TOKEN" }, status: 200 },
      { operation: "confirmEmailVerification", title: "A link that was used", body: { token: "$TOKEN" }, status: 400 },
      {
        operation: "changePassword",
        body: { current_password: passwords.ada[0], password: passwords.ada[1] },
        status: 204,
      },
      {
        operation: "requestPasswordReset",
        body: { email: ada },
        status: 202,
        mail: { TOKEN: { to: ada, page: "reset-password", count: 1 } },
      },
      { operation: "confirmPasswordReset", body: { token: "$TOKEN", password: passwords.ada[2] }, status: 200 },
      adaLogsIn(passwords.ada[2], elsewhere),
      adaLogsIn(passwords.ada[2], aside),
    ],
  },
  {
    name: "Sessions",
    steps: [
      { operation: "listSessions", status: 200, save: { SESSION_ID: "data.1.id" } },
      { operation: "revokeSession", status: 204 },
      { operation: "revokeSession", title: "One that is over, or somebody else's", status: 404 },
      { operation: "logoutEverywhere", status: 204 },
      adaLogsIn(passwords.ada[2], aside),
    ],
  },
  {
    name: "Tokens",
    steps: [
      { operation: "introspect", body: { token: "$ACCESS_TOKEN" }, status: 200 },
      {
        operation: "introspect",
        title: "As any RFC 7662 client does it",
        basic: "$APP_ID:$APP_SECRET",
        form: { token: "$ACCESS_TOKEN" },
        status: 200,
      },
      {
        operation: "introspect",
        title: "A token that is good for nothing",
        body: { token: "$REFRESH_TOKEN" },
        status: 200,
      },
      { operation: "getPublicKeys", status: 200 },
      { operation: "getMetadata", status: 200 },
    ],
  },
  {
    name: "Audit and statistics",
    steps: [
      { operation: "listAuditLogs", query: { action: "login_failed", limit: 2 }, status: 200 },
      { operation: "listEvents", query: { after: 0, limit: 2 }, status: 200 },
      { operation: "getStatistics", query: { days: 1 }, status: 200 },
    ],
  },
  {
    name: "Application users",
    steps: [
      { operation: "listUsers", query: { search: "ada", limit: 10 }, status: 200 },
      { operation: "listUsers", title: "A limit that can't be", query: { limit: 1000 }, status: 422 },
      { operation: "getUser", status: 200, save: { SESSION_ID: "sessions.0.id" } },
      { operation: "getUserHistory", status: 200 },
      { operation: "revokeUserSession", status: 204 },
      { operation: "suspendUser", status: 204 },
      adaLogsIn(passwords.ada[2], { title: "A suspended user", status: 401, save: {} }),
      { operation: "restoreUser", status: 204 },
      { operation: "logOutUser", status: 204 },
      { operation: "eraseUser", status: 204 },
      { operation: "getUser", title: "Once they are erased", status: 404 },
    ],
  },
];

/** Every step in order, with the name of its chapter. */
export const steps = chapters.flatMap(({ name, steps }) => steps.map((step) => ({ chapter: name, ...step })));
