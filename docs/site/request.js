/** A step of the story as a request, for curl and for Postman alike. `$NAME` are variables. */
import { caller, operation } from "./openapi.js";

/** The variable that stands for a parameter of the path. */
function pathVariable(path, name) {
  if (name !== "id") return `$${name.toUpperCase()}`;
  return path.includes("/sessions/{id}") ? "$SESSION_ID" : "$USER_ID";
}

/** @returns {{ method: string, path: string, query: Record<string, unknown>, headers: Record<string, string> }} */
export function request(step) {
  const described = operation(step.operation);
  const path = described.path.replace(/\{(\w+)\}/g, (_, name) => step.path?.[name] ?? pathVariable(described.path, name));
  const by = step.basic === undefined ? caller(described) : "anybody";
  const headers = {};
  if (by === "key" || by === "user") Object.assign(headers, { "x-app-id": "$APP_ID", "x-api-key": "$API_KEY" });
  if (by === "user") headers.authorization = "Bearer $ACCESS_TOKEN";
  if (by === "portal") headers.authorization = "Bearer $PORTAL_TOKEN";
  return { method: described.method, path, query: step.query ?? {}, headers: { ...headers, ...step.headers } };
}

/** The request as a command, to be pasted into a shell that has the variables. */
export function curl(step) {
  const { method, path, query, headers } = request(step);
  const search = new URLSearchParams(query).toString();
  const first = ["curl -sS"];
  const implied = step.body || step.form ? "POST" : "GET";
  if (method !== implied) first.push(`-X ${method}`);
  first.push(`"$URL${path}${search && `?${search}`}"`);
  const lines = [first.join(" ")];
  if (step.basic) lines.push(`-u "${step.basic}"`);
  const given = Object.entries(headers).map(([name, value]) => `-H "${name}: ${value}"`);
  // The pair that says which application it is belongs together.
  if (headers["x-app-id"] !== undefined) given.splice(0, 2, given.slice(0, 2).join(" "));
  lines.push(...given);
  if (step.body) lines.push(`--json ${quoted(step.body)}`);
  for (const [name, value] of Object.entries(step.form ?? {})) lines.push(`-d "${name}=${value}"`);
  return lines.join(" \\\n  ");
}

/** JSON for a shell: in single quotes, which variables step out of. */
function quoted(body) {
  const inner = line(body).length > 72 ? JSON.stringify(body, null, 2).replaceAll("\n", "\n  ") : line(body);
  return `'${inner.replaceAll("'", "'\\''").replace(/\$[A-Z_]+/g, (name) => `'"${name}"'`)}'`;
}

/** JSON on one line, with spaces where people put them. */
export function line(value) {
  if (Array.isArray(value)) return `[${value.map(line).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, member]) => `${JSON.stringify(name)}: ${line(member)}`);
  return `{${members.join(", ")}}`;
}
