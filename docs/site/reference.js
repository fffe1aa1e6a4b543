/** The pages of the reference: the OpenAPI document, with the examples that a test runs and the advice of docs/errors.md. */
import { readFileSync } from "node:fs";

import { anchor } from "./anchor.js";
import { errors } from "./errors.js";
import { caller, document, errorCodes, operations, resolve } from "./openapi.js";
import { members, objects, parameters, words } from "./schema.js";
import { steps } from "./story.js";

const examples = JSON.parse(readFileSync(new URL("examples.json", import.meta.url), "utf8"));

const MADE = "<!-- Made by `npm run generate` from openapi.json, errors.md and site/examples.json. -->";
const CALLERS = {
  key: "An application: `x-app-id`, and one of its keys in `x-api-key`.",
  user: "A user through an application: `x-app-id`, `x-api-key`, and the user's access token as `Authorization: Bearer …`.",
  portal: "A developer: a portal token as `Authorization: Bearer …`, or the portal's cookie.",
  anybody: "Anybody: no key and no token.",
};
const SPECIAL = {
  introspect:
    "An application with a **secret** key: `x-app-id` and `x-api-key`. Or any RFC 7662 client, with HTTP Basic: `app_id` as the user name and `app_secret` as the password.",
};
/** What any request may meet; each route has these below its own. */
const COMMON = [
  "malformed_request",
  "request_timeout",
  "too_large",
  "unsupported_media_type",
  "headers_too_large",
  "unavailable",
  "internal",
];

export const slug = (name) => name.toLowerCase().replace(/[^a-z]+/g, "-");


/** When the story calls it first: that is the order in which it is needed. */
const turn = ({ operationId }) => steps.findIndex((step) => step.operation === operationId);

/** The groups of routes that have a page. */
export const groups = document.tags.map(({ name, description }) => ({
  name,
  description,
  file: `${slug(name)}.md`,
  routes: operations.filter(({ tags }) => tags[0] === name).sort((a, b) => turn(a) - turn(b)),
}));

const fence = (language, text) => `\`\`\`${language}\n${text}\n\`\`\``;
const json = (value) => fence("json", JSON.stringify(value, null, 2));
/** A paragraph of the document: its line breaks are the source's. */
const flow = (text) => text?.replace(/\s*\n\s*/g, " ");

function answer(response, status) {
  const content = response.content?.["application/json"]?.schema;
  const what = content === undefined ? "no body" : words(content);
  const plain = what === "object" ? "" : `: ${what}`;
  return `\`${status}\` ${flow(response.description)}${plain}`;
}

function shown({ command, status, answer, more }) {
  const body = answer === null ? "" : `\n\n${json(answer)}`;
  const rest = more ? `\n\n… and ${more} more like these.` : "";
  return `${fence("sh", command)}\n\nAnswer: \`${status}\`${answer === null ? ", without a body" : ""}${body}${rest}`;
}

function errorTable(codes) {
  const rows = codes.map((code) => {
    const { status, detail, advice } = errors.get(code);
    return `| ${status} | \`${code}\` | ${detail} | ${advice} |`;
  });
  return ["| status | code | meaning | what to do |", "|---|---|---|---|", ...rows].join("\n");
}

function failures(responses) {
  const codes = Object.values(responses).flatMap(errorCodes);
  const own = codes.filter((code) => !COMMON.includes(code));
  const common = codes.filter((code) => COMMON.includes(code));
  const rest = `<details>\n<summary>Errors that any request may meet</summary>\n\n${errorTable(common)}\n\n</details>`;
  return [own.length > 0 && errorTable(own), rest].filter(Boolean).join("\n\n");
}

function route(operation) {
  const { operationId, method, path, summary, description, responses, requestBody } = operation;
  const [example, ...others] = examples.filter((other) => other.operation === operationId);
  if (example === undefined) throw new Error(`${operationId} has no example: give it a step in site/story.js, then npm run record`);
  const schema = resolve(requestBody?.content["application/json"].schema);
  const answers = Object.entries(responses).filter(([status]) => status.startsWith("2"));
  const headers = answers.flatMap(([, response]) => Object.entries(response.headers ?? {}));
  return [
    `## ${summary}`,
    `<p class="route"><b>${method}</b> <code>${path}</code></p>`,
    flow(description),
    `**Who may call it.** ${SPECIAL[operationId] ?? CALLERS[caller(operation)]}`,
    operation.parameters && `**Parameters**\n\n${parameters(operation.parameters)}`,
    schema && `**Body**\n\n${members(schema, { asked: true })}`,
    `**Answer**\n\n${answers.map(([status, response]) => `* ${answer(response, status)}`).join("\n")}`,
    headers.length > 0 && headers.map(([name, { description }]) => `Header \`${name}\`: ${description}.`).join("\n"),
    `**Example**\n\n${shown(example)}`,
    ...others.map((other) => `**${other.title}**\n\n${shown(other)}`),
    `**Errors**\n\n${failures(responses)}`,
  ].filter(Boolean);
}

function groupPage({ name, description, routes }) {
  const sections = routes.flatMap(route);
  const list = routes.map(({ method, path, summary }) => `| [${summary}](#${anchor(summary)}) | \`${method}\` | \`${path}\` |`);
  const table = ["| | | |", "|---|---|---|", ...list].join("\n");
  return [MADE, `# ${name}`, `${description}.`, table, ...sections].join("\n\n");
}

function objectsPage() {
  const sections = objects.flatMap((name) => {
    const schema = resolve({ $ref: `#/components/schemas/${name}` });
    const choice = schema.oneOf && `${schema.oneOf.map(words).join(" or ")}.`;
    const values = schema.enum && `One of ${schema.enum.map((value) => `\`${value}\``).join(", ")}.`;
    return [`## ${name}`, flow(schema.description), choice, values, members(schema)].filter(Boolean);
  });
  const intro =
    "What answers are made of. Times are RFC 3339 in UTC, ids say what they are the id of (`usr_…`). A list is a page: `data` has the objects, and `next_cursor` is to be sent as `cursor` for the next page; it is null on the last. New members may appear: ignore what you don't know.";
  return [MADE, "# Objects", intro, ...sections].join("\n\n");
}

function indexPage() {
  const tables = groups.flatMap(({ name, file, description, routes }) => [
    `## ${name}`,
    `${description}. [All of it](${file})`,
    ["| | | |", "|---|---|---|", ...routes.map(({ method, path, summary }) => `| [${summary}](${file}#${anchor(summary)}) | \`${method}\` | \`${path}\` |`)].join("\n"),
  ]);
  const intro = readFileSync(new URL("reference-intro.md", import.meta.url), "utf8").trim();
  return [MADE, intro, ...tables].join("\n\n");
}

/** By name of the file in `reference/`. */
export function pages() {
  const made = new Map([["index.md", indexPage()], ["objects.md", objectsPage()]]);
  for (const group of groups) made.set(group.file, groupPage(group));
  return new Map([...made].map(([name, text]) => [name, `${text}\n`]));
}
