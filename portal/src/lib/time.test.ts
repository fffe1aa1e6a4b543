import { expect, it } from "vitest";
import { ago, dayOf, lifetime } from "./time";

const NOW = Date.parse("2026-11-23T12:00:00Z");

it.each([
  ["2026-11-23T11:59:30Z", "just now"],
  ["2026-11-23T11:58:59Z", "1 minute ago"],
  ["2026-11-23T09:30:00Z", "2 hours ago"],
  ["2026-11-22T11:00:00Z", "yesterday"],
  ["2026-09-20T12:00:00Z", "2 months ago"],
  ["2026-11-26T13:00:00Z", "in 3 days"],
])("%s was %s", (at, words) => expect(ago(at, NOW)).toBe(words));

it("names a day of a statistic as UTC has it, wherever the reader is", () => {
  expect(dayOf("2026-01-31")).toBe("31 Jan");
});

it.each([
  [604_800, "7 days"],
  [86_400, "1 day"],
  [5_400, "90 minutes"],
  [301, "301 seconds"],
])("%i seconds are %s", (seconds, words) => expect(lifetime(seconds)).toBe(words));
