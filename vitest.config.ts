import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Storage, the ref log, and the codecs of objects. */
const coveredFiles = [
  'src/storage/**/*.ts',
  'src/core/encoding/**/*.ts',
  'src/core/{bytes,column-check,column-codec,commit,id,key-decode,key-encode,keys}.ts',
  'src/core/{prolly-check,prolly-node,references,series,series-columns,settings,tag,tree-format}.ts',
]

/**
 * Searches, full sizes, walks and whole suites over real servers: one version of Node answers for all, unless the mode
 * says otherwise.
 */
const askedOnce = [
  'test/{acceptance,bench,crash,damage,docs,fuzz}/**',
  'test/interop/{carriers,exactness,killed-transfers,real-files,s3,slow-clients}.test.ts',
  'test/porcelain/tui/**',
]

export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: mode === 'quick' ? askedOnce : [],
    globalSetup: ['test/support/build.ts'],
    // Tests start whole processes, some of them several, on machines that do other things too: the
    // limits are for what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // On two cores one would be left to wait: most tests wait for the processes they start.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // What keeps data: `npm run coverage`. Figures are in docs/reliability.md.
    coverage: {
      provider: 'v8',
      include: coveredFiles,
      reporter: ['text', 'json-summary'],
      thresholds: { branches: 95 },
    },
    // Tests that take a size of their own are run at full size by `npm run test:large`.
    // Searches (crashes, faults, hostile bytes) go as far as `test/support/effort.ts` says for the mode.
    env: {
      NO_COLOR: '1',
      VARVE_TEST_SIZE: mode === 'large' ? 'large' : 'small',
      VARVE_TEST_EFFORT: mode === 'nightly' || mode === 'quick' ? mode : 'usual',
    },
  },
}))
