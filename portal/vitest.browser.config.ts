import { defineConfig } from "vitest/config";

/** Tests in a real browser against the real server; `tests/support/service.ts` says what they need. */
export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    globalSetup: ["tests/support/service.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One browser at a time is enough for a small machine.
    fileParallelism: false,
  },
});
