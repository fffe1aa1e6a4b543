import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import { tanstackRouter } from "@tanstack/router-plugin/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = process.env.DEVAUTH_URL ?? "http://localhost:8080";

/**
 * What `devauth` itself answers, for `npm run dev`. The service takes a change by cookie from its own origin
 * only, so our own origin, and no other, is replaced by its.
 */
const proxy = Object.fromEntries(
  ["/v1", "/docs", "/openapi.json", "/dev/mail"].map((path) => [
    path,
    {
      target: server,
      configure: (proxy: ProxyEvents) => {
        proxy.on("proxyReq", (outgoing, incoming) => {
          const own = `http://${incoming.headers.host}`;
          if (incoming.headers.origin === own) outgoing.setHeader("origin", new URL(server).origin);
        });
      },
    },
  ]),
);

interface ProxyEvents {
  on(
    event: "proxyReq",
    listener: (
      outgoing: { setHeader(name: string, value: string): unknown },
      incoming: { headers: { host?: string; origin?: string } },
    ) => void,
  ): unknown;
}

export default defineConfig({
  plugins: [
    tanstackRouter({ target: "react", autoCodeSplitting: true, quoteStyle: "double", semicolons: true }),
    react(),
    tailwindcss(),
  ],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  server: { proxy },
  build: {
    // Nothing inline: the service's Content-Security-Policy allows files of its own origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    manifest: "manifest.json",
  },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    unstubGlobals: true,
  },
});
