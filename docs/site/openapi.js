/** The OpenAPI document, as the reference and the Postman collection read it. */
import { readFileSync } from "node:fs";

export const document = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8"));

/** Follows a `$ref` inside the document. What stands beside it, such as a description of the use, wins. */
export function resolve(value) {
  if (value?.$ref === undefined) return value;
  const { $ref, ...beside } = value;
  const target = $ref.slice(2).split("/").reduce((part, name) => part[name], document);
  return { ...resolve(target), ...beside };
}

/** The last part of a reference: the name of a schema or of a set of errors. */
export const nameOf = (reference) => reference.split("/").at(-1);

export const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ ...operation, method: method.toUpperCase(), path })),
);

const byId = new Map(operations.map((operation) => [operation.operationId, operation]));

/** @throws if there is no such operation, so that a story can't tell of one that is gone. */
export function operation(id) {
  const found = byId.get(id);
  if (found === undefined) throw new Error(`docs/openapi.json has no operation ${id}`);
  return found;
}

/** Names of the ways in which a request may prove who sends it: `key`, `user`, `portal`, or none. */
export function caller({ security = [] }) {
  const schemes = security.flatMap(Object.keys);
  if (schemes.includes("access_token")) return "user";
  if (schemes.includes("api_key")) return "key";
  return schemes.includes("portal_token") ? "portal" : "anybody";
}

/** The error codes of a response: sets of errors are named after their codes. */
export const errorCodes = (response) => (response.$ref === undefined ? [] : nameOf(response.$ref).split("."));
