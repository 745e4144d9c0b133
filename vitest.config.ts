import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    // Tests start whole processes, some of them several, on machines that do other things too: the
    // limits are for what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // On two cores one would be left to wait: most tests wait for the processes they start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Tests that take a size of their own are run at full size by `npm run test:large`.
    // Searches (crashes, faults, hostile bytes) go as far as `test/support/effort.ts` says for the mode.
    env: {
      NO_COLOR: '1',
      VARVE_TEST_SIZE: mode === 'large' ? 'large' : 'small',
      VARVE_TEST_EFFORT: mode === 'nightly' || mode === 'quick' ? mode : 'usual',
    },
  },
}))
