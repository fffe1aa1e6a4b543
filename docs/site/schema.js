/** Schemas as tables and as words. */
import { document, nameOf, resolve } from "./openapi.js";

/** Objects that have a section on the page of objects; bodies of requests stand with their route. */
const isBody = (name) => resolve({ $ref: `#/components/schemas/${name}` }).additionalProperties === false && name !== "InactiveToken";
export const objects = Object.keys(document.components.schemas).filter((name) => !isBody(name) && !name.startsWith("Page_")).sort();

const link = (name) => `[${name}](objects.md#${name.toLowerCase()})`;

/** A schema in a few words, with links to the objects it names. */
export function words(schema) {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    if (name.startsWith("Page_")) return `a page of ${link(name.slice(5))}`;
    return objects.includes(name) ? link(name) : words(resolve(schema));
  }
  if (schema.oneOf) return schema.oneOf.map(words).join(" or ");
  const types = [schema.type].flat();
  const named = types.map((type) => {
    if (type === "array") return `list of ${words(schema.items).replace(/^(string|object)$/, "$1s")}`;
    if (type === "string" && schema.format === "date-time") return "time";
    return type;
  });
  return named.join(" or ");
}

/** What a value must be beside its type. */
function limits({ minLength, maxLength, minimum, maximum, maxItems, pattern, default: preset }) {
  const said = [];
  if (minLength !== undefined && maxLength !== undefined) said.push(`${minLength} to ${maxLength} characters`);
  else if (maxLength !== undefined) said.push(`at most ${maxLength} characters`);
  if (minimum !== undefined && maximum !== undefined) said.push(`${minimum} to ${maximum}`);
  if (maxItems !== undefined) said.push(`at most ${maxItems}`);
  const choices = /^\^\(([\w|]+)\)\$$/.exec(pattern)?.[1].split("|");
  if (choices) said.push(`one of ${choices.map((choice) => `\`${choice}\``).join(", ")}`);
  if (preset !== undefined) said.push(`\`${preset}\` if left out`);
  return said.join("; ");
}

const cell = (text = "") => text.replace(/\s+/g, " ").replaceAll("|", "\\|").trim();

/** A description with what limits the value, unless it says so itself. */
function meaning(schema, description = schema.description) {
  const said = cell(description);
  const rest = limits(schema);
  const repeats = /one of /.test(rest) || /\b\d+ to \d+\b|at most \d+/.test(said) ? rest.replace(/(one of [^;]*|\d+ to \d+( characters)?|at most \d+( characters)?)(; )?/g, "") : rest;
  const needed = schema.pattern && !said.includes("`") ? rest : repeats;
  return [said, needed && `${needed[0].toUpperCase()}${needed.slice(1)}.`].filter(Boolean).join(" ");
}

/** Members of an object; those of a request say whether they must be there. */
export function members(schema, { asked = false } = {}) {
  const parts = (schema.allOf ?? [schema]).map(resolve);
  const required = parts.flatMap((part) => part.required ?? []);
  // The document sorts members by name; what must be there is named in the order in which it was meant.
  const turn = ([name]) => (required.includes(name) ? required.indexOf(name) : required.length);
  const all = parts.flatMap((part) => Object.entries(part.properties ?? {})).sort((a, b) => turn(a) - turn(b));
  const rows = all.map(([name, member]) => {
    const full = resolve(member);
    const optional = required.includes(name) ? "" : asked ? ", optional" : ", not always there";
    return `| \`${name}\` | ${words(member)}${optional} | ${meaning(full, member.description ?? full.description)} |`;
  });
  return rows.length === 0 ? "" : ["| member | type | |", "|---|---|---|", ...rows].join("\n");
}

/** Parameters of the path, the query and the header. */
export function parameters(list = []) {
  if (list.length === 0) return "";
  const rows = list.map(({ name, in: where, required, description, schema }) => {
    const place = where === "path" ? "path" : where;
    return `| \`${name}\` | ${place}${required ? "" : ", optional"} | ${meaning(schema, description)} |`;
  });
  return ["| parameter | where | |", "|---|---|---|", ...rows].join("\n");
}
