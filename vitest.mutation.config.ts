import { defineConfig } from 'vitest/config'

/** For `npm run mutation`: what decides in milliseconds whether a mutant lives, without the program. */
export default defineConfig({
  test: {
    include: [
      'test/storage/{check-log,detours,differences,fetch-log,format,hostile-log,limits}.test.ts',
      'test/storage/{log-envelope,log-state,pack,ref-log}.test.ts',
      'test/core/{bytes,column-codec,commit,key,schema-codec,settings}.test.ts',
      'test/core/{prolly/node,series/format,series/verify,tree/tree}.test.ts',
      'test/fuzz/{objects,packs,ref-log}.test.ts',
    ],
    testTimeout: 60_000,
    pool: 'threads',
    env: { NO_COLOR: '1', VARVE_TEST_SIZE: 'small', VARVE_TEST_EFFORT: 'quick' },
  },
})
