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
 * Searches, full sizes, walks, whole suites over real servers, texts that are cut and what commands say in
 * hundreds of processes: one version of Node answers for all, unless the mode says otherwise.
 */
const askedOnce = [
  'test/{acceptance,bench,crash,damage,docs,fuzz}/**',
  'test/interop/{carriers,exactness,killed-transfers,real-files,s3,slow-clients}.test.ts',
  'test/porcelain/tui/**',
  'test/formats/csv/**',
  'test/cli/{archive,history,hooks,import-and-validate,life,merge,moving,plot,reading-options}.test.ts',
  'test/cli/{replay,series-commands,zones}.test.ts',
]

export default defineConfig(({ mode }) => ({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: mode === 'quick' ? askedOnce : [],
    globalSetup: ['test/support/build.ts'],
    setupFiles: ['test/support/equal-bytes.ts'],
    // Tests start whole processes, some of them several, on machines that do other things too: the
    // limits are for what hangs.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // One more than cores: many tests wait for servers, terminals and disks.
    maxWorkers: availableParallelism() + 1,
    // What keeps data: `npm run coverage`. Figures are in docs/reliability.md.
    coverage: {
      provider: 'v8',
      include: coveredFiles,
      // It runs in threads of its own, where nothing is counted: test/storage/threads.test.ts asks it.
      exclude: ['src/storage/encode-worker.ts'],
      reporter: ['text', 'json-summary'],
      thresholds: { branches: 95 },
    },
    // Tests that take a size of their own are run at full size by `npm run test:large`.
    // Searches (crashes, faults, hostile bytes) go as far as `test/support/effort.ts` says for the mode.
    env: {
      NO_COLOR: '1',
      VARVE_TEST_SIZE: mode === 'large' ? 'large' : 'small',
      VARVE_TEST_EFFORT:
        mode === 'coverage' ? 'quick' : mode === 'nightly' || mode === 'quick' ? mode : 'usual',
    },
  },
}))
