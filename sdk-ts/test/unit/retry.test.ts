import { describe, expect, it } from "vitest";

import { apiError, NetworkError, TimeoutError } from "../../src/errors.js";
import { type Circumstances, pauseBefore } from "../../src/retry.js";

const given: Circumstances = { repeatable: true, failed: 1, retries: 2, maxWait: 10_000, random: 0.5 };
const refused = (status: number, code: string, retryAfter?: number) => apiError({ status, code, detail: "", retryAfter });

describe("what is safe to repeat", () => {
  it.each([
    ["a broken connection", new NetworkError("gone")],
    ["a timeout", new TimeoutError(1)],
    ["unavailable", refused(503, "unavailable", 1)],
    ["busy", refused(503, "busy", 1)],
    ["rate_limited", refused(429, "rate_limited", 1)],
    ["a proxy's 502", refused(502, "http_502")],
  ])("is repeated after %s", (_what, error) => expect(pauseBefore(error, given)).toBeGreaterThan(0));

  it.each([
    ["internal", refused(500, "internal")],
    ["account_locked", refused(429, "account_locked", 1)],
    ["account_protected", refused(429, "account_protected", 1)],
    ["validation_failed", refused(422, "validation_failed")],
    ["a mistake of ours", new Error("oops")],
  ])("is not repeated after %s", (_what, error) => expect(pauseBefore(error, given)).toBeUndefined());

  it("waits for an earlier try that is still worked on", () => {
    const busy = refused(409, "idempotency_in_progress");
    expect(pauseBefore(busy, given)).toBeUndefined();
    expect(pauseBefore(busy, { ...given, failed: 2 })).toBeGreaterThan(0);
  });
});

describe("what is not safe to repeat", () => {
  const unsafe = { ...given, repeatable: false };
  it.each([
    ["busy", refused(503, "busy", 1)],
    ["rate_limited", refused(429, "rate_limited", 1)],
  ])("is repeated after %s: nothing happened yet", (_what, error) => expect(pauseBefore(error, unsafe)).toBeGreaterThan(0));

  it.each([
    ["a broken connection", new NetworkError("gone")],
    ["a timeout", new TimeoutError(1)],
    ["unavailable", refused(503, "unavailable", 1)],
    ["a proxy's 502", refused(502, "http_502")],
  ])("is not repeated after %s", (_what, error) => expect(pauseBefore(error, unsafe)).toBeUndefined());
});

describe("the pause", () => {
  it("is never shorter than Retry-After, and is spread", () => {
    const error = refused(429, "rate_limited", 3);
    expect(pauseBefore(error, { ...given, random: 0 })).toBe(3000);
    expect(pauseBefore(error, { ...given, random: 0.9 })).toBeGreaterThan(3000);
  });

  it("is not begun if it would be too long", () => {
    expect(pauseBefore(refused(429, "rate_limited", 11), given)).toBeUndefined();
  });

  it("doubles, within half and one and a half of that", () => {
    const error = new NetworkError("gone");
    for (const [failed, base] of [[1, 200], [2, 400]] as const) {
      expect(pauseBefore(error, { ...given, failed, random: 0 })).toBe(base / 2);
      expect(pauseBefore(error, { ...given, failed, random: 0.999 })).toBeLessThan(base * 1.5);
    }
  });

  it("ends with the tries", () => expect(pauseBefore(new NetworkError("gone"), { ...given, failed: 3 })).toBeUndefined());
});
