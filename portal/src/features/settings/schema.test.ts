import { expect, it } from "vitest";
import { inUnits, passwordsSchema, sessionsSchema, urlsSchema } from "./schema";

it.each(["", "https://app.example.com", "http://localhost:3000\nhttps://a.example\n"])("accepts the origins %j", (allowed_origins) => {
  expect(urlsSchema.safeParse({ app_url: "", allowed_origins }).success).toBe(true);
});

it.each(["https://app.example.com/", "app.example.com", "https://a.example/x", "HTTPS://a.example", "https://a.example:443", "ftp://a.example", "null"])(
  "refuses the origin %s",
  (allowed_origins) => expect(urlsSchema.safeParse({ app_url: "", allowed_origins }).success).toBe(false),
);

it("refuses more than 50 origins", () => {
  const origins = (count: number) => Array.from({ length: count }, (_, index) => `https://a${index}.example`).join("\n");
  expect(urlsSchema.safeParse({ app_url: "", allowed_origins: origins(50) }).success).toBe(true);
  expect(urlsSchema.safeParse({ app_url: "", allowed_origins: origins(51) }).success).toBe(false);
});

it.each([
  ["", true],
  ["https://app.example.com/x", true],
  ["app.example.com", false],
  ["javascript:alert(1)", false],
])("the application URL %j is acceptable: %s", (app_url, good) => {
  expect(urlsSchema.safeParse({ app_url, allowed_origins: "" }).success).toBe(good);
});

it.each([
  ["7", false],
  ["8", true],
  ["64", true],
  ["65", false],
  ["8.5", false],
  ["", false],
])("a minimum length of %j is acceptable: %s", (password_min_length, good) => {
  expect(passwordsSchema.safeParse({ password_min_length, password_min_strength: "3" }).success).toBe(good);
});

it.each([
  ["", "days", true],
  ["0", "seconds", false],
  ["1", "seconds", true],
  ["0", "minutes", false],
  ["1", "minutes", true],
  ["365", "days", true],
  ["366", "days", false],
  ["-1", "days", false],
] as const)("a lifetime of %j %s is acceptable: %s", (length, unit, good) => {
  expect(sessionsSchema.safeParse({ length, unit }).success).toBe(good);
});

it.each([
  [604_800, "7", "days"],
  [7_200, "2", "hours"],
  [5_400, "90", "minutes"],
  [90, "90", "seconds"],
])("%i seconds are %s %s", (seconds, length, unit) => expect(inUnits(seconds)).toEqual({ length, unit }));
