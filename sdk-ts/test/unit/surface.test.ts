import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, expectTypeOf, it } from "vitest";

import * as sdk from "../../src/index.js";

it("the public names are these", () => {
  expect(Object.keys(sdk).sort()).toEqual([
    "ApiError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigurationError",
    "ConflictError",
    "DevAuthClient",
    "DevAuthError",
    "NetworkError",
    "NotFoundError",
    "NotLoggedInError",
    "PermissionDeniedError",
    "RateLimitError",
    "ServerError",
    "TimeoutError",
    "UnavailableError",
    "ValidationError",
    "browserStorage",
    "cookieStorage",
    "memoryStorage",
  ]);
});

it("known codes are suggested, unknown ones type-check", () => {
  expectTypeOf<"email_taken">().toExtend<sdk.ErrorCode>();
  expectTypeOf<"a_code_of_next_year">().toExtend<sdk.ErrorCode>();
  expectTypeOf<"a_code_of_next_year">().not.toExtend<sdk.KnownErrorCode>();
});

it("the generated types are those of docs/openapi.json", { timeout: 30_000 }, () => {
  const dir = mkdtempSync(join(tmpdir(), "devauth-sdk-"));
  try {
    const fresh = join(dir, "api.ts");
    const generator = "node_modules/openapi-typescript/bin/cli.js";
    execFileSync(process.execPath, [generator, "../docs/openapi.json", "--empty-objects-unknown", "--output", fresh]);
    expect(readFileSync("src/api.generated.ts", "utf8") === readFileSync(fresh, "utf8"), "run `npm run generate`").toBe(true);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
