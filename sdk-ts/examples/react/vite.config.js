import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const source = (name) => fileURLToPath(new URL(`../../src/${name}.ts`, import.meta.url));

export default defineConfig({
  plugins: [react()],
  // The package as it is in this repository. An application of yours just installs it.
  resolve: { alias: { "@devauth/sdk/react": source("react"), "@devauth/sdk": source("index") } },
  server: { host: "localhost", port: Number(process.env.PORT ?? 5173), strictPort: true },
});
