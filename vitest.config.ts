// How the tests run: files side by side on two workers, real servers on loopback, nothing mocked.
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    // Real browsers and processes on a machine that others use too: one more try there, and the report says that it was one.
    retry: process.env['CI'] === undefined ? 0 : 1,
    reporters: ['default'],
  },
});
