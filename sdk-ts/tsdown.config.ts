import { defineConfig } from "tsdown";

export default defineConfig({
  entry: { index: "src/index.ts", server: "src/server.ts", react: "src/react.ts", node: "src/node.ts" },
  format: ["esm", "cjs"],
  platform: "neutral",
  target: "es2022",
  dts: true,
  sourcemap: true,
  deps: { neverBundle: [/^node:/, "jose", "react", "react/jsx-runtime"] },
  outExtensions: ({ format }) => (format === "cjs" ? { js: ".cjs", dts: ".d.cts" } : { js: ".js", dts: ".d.ts" }),
});
