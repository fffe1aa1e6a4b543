/** Runs docs/postman.json from top to bottom, by Postman's own engine, against the real DevAuth. */
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { Collection } from "postman-collection";
import { Runner } from "postman-runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { operations } from "../site/openapi.js";
import { steps } from "../site/story.js";
import { devauth } from "./support/devauth.js";

const text = readFileSync(new URL("../postman.json", import.meta.url), "utf8");

describe("as it is committed", () => {
  it("has a request for every route, each with a check of its status", () => {
    const requests = JSON.parse(text).item.flatMap(({ item }) => item);
    expect(requests).toHaveLength(steps.length);
    for (const { name, event } of requests) expect(event[0].script.exec.join("\n"), name).toContain("pm.response.to.have.status(");
    expect(new Set(steps.map(({ operation }) => operation)).size).toBe(operations.length);
  });

  it("holds no value of any key, token or id", () => {
    expect(text).not.toMatch(/eyJ\w|dv[krst]_\w|\b(app|usr|ses|key|dev)_[0-9a-z]{26}/);
    const filled = JSON.parse(text).variable.filter(({ value }) => value !== "");
    expect(filled).toEqual([{ key: "baseUrl", value: "http://localhost:8080" }]);
  });
});

describe("run against DevAuth", () => {
  let service;
  const asked = [];
  const failures = [];
  beforeAll(async () => {
    service = await devauth();
    await run(service.url);
  });
  afterAll(() => service?.stop());

  /** A whole run, with the variables that the committed file has. */
  async function run(url) {
    const collection = new Collection(JSON.parse(text));
    collection.variables.upsert({ key: "baseUrl", value: url });
    const runner = new Runner();
    const started = await promisify(runner.run.bind(runner))(collection, { timeout: { request: 30_000 } });
    await new Promise((resolve) => {
      started.start({
        assertion: (_cursor, assertions) => failures.push(...assertions.filter(({ passed }) => !passed).map(({ error }) => error.message)),
        exception: (_cursor, error) => failures.push(error.message),
        script: (error, _cursor, _result, _script, _event, item) => error && failures.push(`${item.name}: ${error.message}`),
        item: (error, _cursor, item) => asked.push(error ? `${item.name}: ${error.message}` : item.name),
        done: resolve,
      });
    });
  }

  it("every request is sent and answered as it says", () => {
    expect(failures).toEqual([]);
    expect(asked).toHaveLength(steps.length);
  });
});
