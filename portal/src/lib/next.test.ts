import { expect, it } from "vitest";
import { safeNext } from "./next";

it.each(["/", "/applications/app_1?language=python#x", "/account"])("goes back to %s", (next) => {
  expect(safeNext(next)).toBe(next);
});

it.each([
  undefined,
  "",
  "account",
  "//example.org",
  "/\\example.org",
  "\\/example.org",
  "/\t/example.org",
  "https://example.org/",
  "javascript:alert(1)",
  "/login",
  "/login?next=/account",
])("goes home in place of %s", (next) => {
  expect(safeNext(next)).toBe("/");
});
