import { expect, it } from "vitest";
import { ApiError, duration, inWords, isNotFound, isSessionLost, type ProblemCode } from "./problem";

function refused(code: ProblemCode, retryAfter?: number) {
  return new ApiError({ type: "", title: "", status: 400, code, detail: "As the API says it.", request_id: "r" }, retryAfter);
}

it("says in words what happened and how long to wait", () => {
  expect(inWords(refused("conflict"))).toBe("As the API says it.");
  expect(inWords(refused("account_locked", 900))).toBe(
    "Too many failed logins. This address is locked for a while. Try again in 15 minutes.",
  );
  expect(inWords(new TypeError("x is not a function"))).not.toContain("function");
});

it("knows a lost session from a wrong password, and what isn't there", () => {
  expect(isSessionLost(refused("invalid_token"))).toBe(true);
  expect(isSessionLost(refused("invalid_credentials"))).toBe(false);
  expect(isNotFound(refused("not_found"))).toBe(true);
  expect(isNotFound(new Error("not_found"))).toBe(false);
});

it.each([
  [1, "1 second"],
  [30, "30 seconds"],
  [90, "2 minutes"],
  [3600, "60 minutes"],
])("says %i seconds as %s", (seconds, words) => expect(duration(seconds)).toBe(words));
