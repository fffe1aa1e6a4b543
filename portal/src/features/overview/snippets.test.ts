import { expect, it } from "vitest";
import { LANGUAGES, snippet } from "./snippets";

const FACTS = { baseUrl: "https://auth.example.com", appId: "app_1", keyPrefix: "dvk_sk_3f9A2b" };

it.each(LANGUAGES)("has the real address, app id and beginning of a key in %s", (language) => {
  const code = snippet(language, FACTS);
  expect(code).toContain("https://auth.example.com");
  expect(code).toContain("app_1");
  expect(code).toContain("dvk_sk_3f9A2b…");
});
