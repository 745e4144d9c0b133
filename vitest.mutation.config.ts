import { defineConfig } from 'vitest/config'

/** For `npm run mutation`: what decides in milliseconds whether a mutant lives, without the program. */
export default defineConfig({
  test: {
    include: [
      'test/storage/{check-log,check-transaction,cut-ids,decode-object,detours,differences}.test.ts',
      'test/storage/{fetch-log,format,hostile-log,known-packs,limits,log-entry,log-envelope}.test.ts',
      'test/storage/{log-state,object-store,pack,pack-encoding,pack-index,pack-pages}.test.ts',
      'test/storage/{pack-places,pack-properties,pack-reader,pack-record,pack-set}.test.ts',
      'test/storage/{pack-writer,read-chain,ref-log,ref-log-races,salvage,salvage-log}.test.ts',
      'test/core/{bytes,column-check,column-codec,commit,format-columns,format-trees}.test.ts',
      'test/core/{id,key,keys,references}.test.ts',
      'test/core/{schema-codec,settings,prolly/{edit,node},series/{columns,format,schema,verify}}.test.ts',
      'test/core/tree/{tree,update-paths}.test.ts',
      'test/fuzz/{objects,packs,ref-log}.test.ts',
    ],
    testTimeout: 60_000,
    pool: 'threads',
    env: { NO_COLOR: '1', VARVE_TEST_SIZE: 'small', VARVE_TEST_EFFORT: 'quick' },
  },
})
