import { expect, it } from "vitest";
import { compareMoments, lastBy, momentsOf } from "./moments";

const early = "2026-11-23T21:42:36.764132Z";
const late = "2026-11-23T21:42:36.764814Z";

it("tells moments apart that are microseconds apart", () => {
  expect(compareMoments(early, late)).toBeLessThan(0);
  expect(compareMoments("2026-11-23T21:42:36Z", "2026-11-23T21:42:36.000001Z")).toBeLessThan(0);
  expect(compareMoments(late, late)).toBe(0);
});

it("knows each moment once, in order", () => {
  expect(momentsOf([early, early, late].map((occurred_at) => ({ occurred_at })))).toEqual([early, late]);
});

it("finds the last moment by another", () => {
  expect(lastBy([early, late], early)).toBe(0);
  expect(lastBy([early, late], "2026-11-23T21:42:36.764500Z")).toBe(0);
  expect(lastBy([early, late], "2030-01-01T00:00:00Z")).toBe(1);
  expect(lastBy([early, late], "2020-01-01T00:00:00Z")).toBe(-1);
});
