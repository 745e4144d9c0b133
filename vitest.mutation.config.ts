import { defineConfig } from 'vitest/config'

/** For `npm run mutation`: what decides in milliseconds whether a mutant lives, without the program. */
export default defineConfig({
  test: {
    include: [
      'test/storage/{check-log,check-transaction,decode-object,detours,differences,fetch-log}.test.ts',
      'test/storage/{format,hostile-log,limits,log-entry,log-envelope,log-state,object-store}.test.ts',
      'test/storage/{pack,pack-index,pack-pages,pack-properties,pack-record,pack-set}.test.ts',
      'test/storage/{ref-log,ref-log-races,salvage}.test.ts',
      'test/core/{bytes,column-codec,commit,format-columns,format-trees,id,key,references}.test.ts',
      'test/core/{schema-codec,settings,prolly/{edit,node},series/{columns,format,schema,verify}}.test.ts',
      'test/core/tree/{tree,update-paths}.test.ts',
      'test/fuzz/{objects,packs,ref-log}.test.ts',
    ],
    testTimeout: 60_000,
    pool: 'threads',
    env: { NO_COLOR: '1', VARVE_TEST_SIZE: 'small', VARVE_TEST_EFFORT: 'quick' },
  },
})
