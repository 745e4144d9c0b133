import { defineConfig } from 'vitest/config'

/** For `npm run mutation`: what decides in milliseconds whether a mutant lives, without the program. */
export default defineConfig({
  test: {
    include: ['test/{core,storage,fuzz}/**/*.test.ts'],
    exclude: ['test/core/encoding/**', 'test/fuzz/{tables,columnar,grammars}.test.ts'],
    testTimeout: 60_000,
    pool: 'threads',
    env: { NO_COLOR: '1', VARVE_TEST_SIZE: 'small', VARVE_TEST_EFFORT: 'quick' },
  },
})
