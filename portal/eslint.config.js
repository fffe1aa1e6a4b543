import js from "@eslint/js";
import reactHooks from "eslint-plugin-react-hooks";
import globals from "globals";
import { readdirSync } from "node:fs";
import tseslint from "typescript-eslint";

/** routes → features → components → api, lib: imports point to the right and never back. */
const forbid = (files, group, message) => ({
  files,
  ignores: ["src/**/*.test.{ts,tsx}"],
  rules: { "@typescript-eslint/no-restricted-imports": ["error", { patterns: [{ group, message }] }] },
});

const features = readdirSync(new URL("./src/features", import.meta.url));
const boundaries = [
  ...features.map((name) =>
    forbid(
      [`src/features/${name}/**`],
      [...features.filter((other) => other !== name).map((other) => `@/features/${other}/*`), "../*", "@/routes/*"],
      "A feature imports components, api and lib, and no other feature: what two need lives in src/components or src/api.",
    ),
  ),
  forbid(["src/components/**"], ["@/features/*", "@/routes/*"], "Components know nothing of features and routes."),
  forbid(["src/api/**", "src/lib/**"], ["@/features/*", "@/routes/*", "@/components/*"], "api and lib render nothing."),
  {
    files: ["src/routes/**"],
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          paths: ["react-hook-form", "@/lib/client"].map((name) => ({
            name,
            message: "Route files only wire: parameters in, one feature component out.",
          })),
        },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "JSXOpeningElement[name.name=/^[a-z]/]", message: "Route files only wire: markup lives in features." },
      ],
    },
  },
];

export default tseslint.config(
  { ignores: ["dist", "node_modules", "screenshots", "src/**/*.gen.ts"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  reactHooks.configs.flat.recommended,
  {
    files: ["**/*.{ts,tsx}"],
    languageOptions: { globals: globals.browser },
    rules: {
      "@typescript-eslint/no-non-null-assertion": "error",
      // Crashes on type parameters with typescript-eslint 8.73.
      "@typescript-eslint/unified-signatures": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { ignoreRestSiblings: true }],
      eqeqeq: "error",
      "no-restricted-properties": [
        "error",
        { property: "dangerouslySetInnerHTML", message: "What people typed is shown as text." },
      ],
    },
  },
  {
    files: ["src/**/*.tsx"],
    rules: {
      "no-restricted-syntax": [
        "error",
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: "What people typed is shown as text." },
      ],
    },
  },
  { files: ["public/**", "scripts/**", "*.js"], languageOptions: { globals: { ...globals.node, ...globals.browser } } },
  ...boundaries,
);
