/**
 * The Postman collection: the story as requests, in order, so that running it from top to bottom works on an empty `devauth dev`.
 * Each request checks its status, and keeps what later ones need in variables of the collection. No value of them is committed.
 */
import { document, operation } from "./openapi.js";
import { request } from "./request.js";
import { chapters } from "./story.js";

/** `$APP_ID` and `app_id` are `appId` there. */
const camel = (name) => name.toLowerCase().replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const people = { "grace@example.com": "{{developerEmail}}", "ada@example.com": "{{userEmail}}" };

/** A value of a step with Postman's variables instead of the shell's. */
const filled = (text) =>
  Object.entries(people)
    .reduce((done, [address, variable]) => done.replaceAll(address, variable), text)
    .replace(/\$([A-Z][A-Z_]+)/g, (_, name) => `{{${camel(name)}}}`);

const script = (listen, lines) => ({ listen, script: { type: "text/javascript", exec: lines } });

/** People of its own for each run, so that it can be run again. */
const prepare = script("prerequest", [
  "// Each run of the collection signs up people of its own.",
  "if (!pm.collectionVariables.get('userEmail')) {",
  "  const run = pm.variables.replaceIn('{{$randomUUID}}');",
  "  pm.collectionVariables.set('userEmail', `ada-${run}@example.com`);",
  "  pm.collectionVariables.set('developerEmail', `grace-${run}@example.com`);",
  "}",
]);

/** With `devauth dev` the token is in the inbox; elsewhere it is in the mail, to be put into the variable `token` by hand. */
function fetchMail(variable, { to, page, count }) {
  return [
    `// The token of the mailed link. With devauth dev it is in the inbox; else put it into the variable ${camel(variable)} by hand.`,
    `const inbox = pm.variables.replaceIn('{{baseUrl}}/dev/mail?format=json&to=${filled(to)}');`,
    "function look(tries) {",
    "  pm.sendRequest(inbox, (error, response) => {",
    "    const mails = error || response.code !== 200 ? [] : response.json().data;",
    `    const links = mails.filter(({ link }) => (link || '').includes('/${page}?token='));`,
    "    links.sort((a, b) => (a.date < b.date ? 1 : -1));",
    `    if (links.length >= ${count}) pm.collectionVariables.set('${camel(variable)}', links[0].link.split('token=')[1]);`,
    "    else if (tries > 0 && !error && response.code === 200) setTimeout(() => look(tries - 1), 200);",
    "  });",
    "}",
    "look(100);",
  ];
}

function checks(step) {
  const lines = [`pm.test('answers ${step.status}', () => pm.response.to.have.status(${step.status}));`];
  for (const [name, path] of Object.entries(step.save ?? {})) {
    const member = path.split(".").map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join("");
    lines.push(`pm.collectionVariables.set('${camel(name)}', pm.response.json()${member});`);
  }
  for (const [name, mail] of Object.entries(step.mail ?? {})) lines.push(...fetchMail(name, mail));
  return lines;
}

function body(step) {
  if (step.form) {
    const fields = Object.entries(step.form).map(([key, value]) => ({ key, value: filled(value), type: "text" }));
    return { mode: "urlencoded", urlencoded: fields };
  }
  if (!step.body) return undefined;
  return { mode: "raw", raw: filled(JSON.stringify(step.body, null, 2)), options: { raw: { language: "json" } } };
}

function basic(credentials) {
  const [username, password] = credentials.split(":").map(filled);
  return { type: "basic", basic: [{ key: "username", value: username, type: "string" }, { key: "password", value: password, type: "string" }] };
}

function item(step) {
  const { method, path, query, headers } = request(step);
  const { summary, description } = operation(step.operation);
  const search = Object.entries(query).map(([key, value]) => ({ key, value: String(value) }));
  const tail = new URLSearchParams(query).toString();
  return {
    name: step.title ? `${summary}: ${step.title.toLowerCase()}` : summary,
    event: [script("test", checks(step))],
    request: {
      method,
      ...(description && { description: description.replace(/\s*\n\s*/g, " ") }),
      auth: step.basic ? basic(step.basic) : { type: "noauth" },
      header: Object.entries(headers).map(([key, value]) => ({ key, value: filled(unique(key, value)) })),
      url: {
        raw: `{{baseUrl}}${filled(path)}${tail && `?${tail}`}`,
        host: ["{{baseUrl}}"],
        path: filled(path).slice(1).split("/"),
        ...(search.length > 0 && { query: search }),
      },
      ...(body(step) && { body: body(step) }),
    },
  };
}

/** A second run is another request. */
const unique = (key, value) => (key === "Idempotency-Key" ? "{{$randomUUID}}" : value);

/** In the format of Postman, version 2.1. */
export function collection() {
  const names = new Set(["baseUrl", "developerEmail", "userEmail"]);
  const items = chapters.map(({ name, steps }) => ({ name, item: steps.map(item) }));
  for (const [, variable] of JSON.stringify(items).matchAll(/\{\{(\w+)\}\}/g)) names.add(variable);
  return {
    info: {
      name: "DevAuth",
      description: `${document.info.description}\n\nRun it from top to bottom against \`devauth dev\`: each request keeps what the later ones need.`,
      schema: "https://schema.getpostman.com/json/collection/v2.1.0/collection.json",
    },
    event: [prepare],
    variable: [...names].map((key) => ({ key, value: key === "baseUrl" ? "http://localhost:8080" : "" })),
    item: items,
  };
}
