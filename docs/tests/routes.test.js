/**
 * Tells the story of site/story.js to the real DevAuth, by the very commands that the reference shows, and compares each answer
 * with the one that it shows. `npm run record` writes them anew instead.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { Beauty } from "../site/beauty.js";
import { operations } from "../site/openapi.js";
import { curl } from "../site/request.js";
import { steps } from "../site/story.js";
import { devauth } from "./support/devauth.js";
import { mailedToken } from "./support/mailbox.js";
import { Shell } from "./support/shell.js";

const FILE = new URL("../site/examples.json", import.meta.url);
const recording = process.env.RECORD === "1";
const recorded = recording ? [] : JSON.parse(readFileSync(FILE, "utf8"));

let service, shell;
const beauty = new Beauty();
const told = [];
const shown = ({ operation, title }) => recorded.find((other) => other.operation === operation && other.title === title);
/** Of a long list the first two are shown. */
const cut = (answer) =>
  answer?.data?.length > 2 ? { answer: { ...answer, data: answer.data.slice(0, 2) }, more: answer.data.length - 2 } : { answer };

beforeAll(async () => {
  service = await devauth();
  shell = new Shell({ variables: { URL: service.url } });
});
afterAll(async () => {
  await shell?.close();
  await service?.stop();
  if (recording) writeFileSync(FILE, `${JSON.stringify(told, null, 2)}\n`);
});

it("the story calls every route, and each route's first step is one that succeeds", () => {
  const first = new Map();
  for (const step of steps) if (!step.aside && !first.has(step.operation)) first.set(step.operation, step.status);
  const uncalled = operations.filter(({ operationId }) => !(first.get(operationId) < 300));
  expect(uncalled.map(({ operationId }) => operationId)).toEqual([]);
});

describe("the examples of the reference", () => {
  for (const [index, step] of steps.entries()) {
    it(`${index + 1}. ${step.operation}${step.title ? `: ${step.title}` : ""} answers ${step.status}`, async () => {
      const { output, statuses } = await shell.run(curl(step));
      expect(statuses, output).toEqual([step.status]);
      const answer = output === "" ? null : JSON.parse(output);
      for (const [name, path] of Object.entries(step.save ?? {})) {
        const value = path.split(".").reduce((part, member) => part?.[member], answer);
        expect(value, `${path} of ${output}`).toBeTypeOf("string");
        await shell.set(name, value);
      }
      for (const [name, mail] of Object.entries(step.mail ?? {})) await shell.set(name, await mailedToken(service.url, mail));

      const example = { operation: step.operation, ...(step.title && { title: step.title }), status: step.status };
      Object.assign(example, { command: curl(step), ...cut(beauty.json(answer)) });
      if (step.aside) return;
      told.push(example);
      if (!recording) expect(example, "npm run record writes what is shown anew").toEqual(shown(example));
    });
  }
});

it("nothing is shown that was not told", () => {
  if (!recording) expect(recorded.map(({ command }) => command)).toEqual(told.map(({ command }) => command));
});
