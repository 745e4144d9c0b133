import { defineConfig } from 'vitest/config'

export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    // Tests start whole processes, some of them several, on machines that do other things too.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // Tests that take a size of their own are run at full size by `npm run test:large`.
    env: { NO_COLOR: '1', VARVE_TEST_SIZE: mode === 'large' ? 'large' : 'small' },
  },
}))
