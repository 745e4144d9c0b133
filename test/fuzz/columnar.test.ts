import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe } from 'vitest'
import { openDuckDb } from '../formats/parquet/support.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { type Family, itIsRowsOrRefused, ownTable, type Sample } from './support/table-target.ts'

/** Parquet without checksums: whatever is changed reaches what decodes it. */
async function foreignParquet(): Promise<Sample[]> {
  const duckdb = await openDuckDb()
  const query = `SELECT i::BIGINT AS i, (i * 7919)::INTEGER AS n, (i % 3)::TINYINT AS small,
    CASE WHEN i % 5 = 0 THEN NULL ELSE i / 100.0 END::DOUBLE AS v, 'symbol ' || (i % 4) AS s,
    (i % 3 = 0) AS b, make_timestamp_ns(i * 1000000007) AS ts FROM range(60) r(i)`
  const samples: Sample[] = []
  for (const [at, options] of [
    'COMPRESSION uncompressed',
    'COMPRESSION uncompressed, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 1',
    'COMPRESSION snappy',
    'COMPRESSION zstd',
    'COMPRESSION gzip',
    'COMPRESSION lz4_raw',
    'COMPRESSION brotli',
  ].entries()) {
    const path = join(temporaryFolder(), `${at}.parquet`)
    await duckdb.run(`COPY (${query}) TO '${path}' (FORMAT parquet, ${options})`)
    samples.push({ name: 't.parquet', bytes: readFileSync(path) })
  }
  return samples
}

const families: readonly Family[] = [
  { name: 'Parquet', samples: [await ownTable('parquet'), ...(await foreignParquet())] },
  { name: 'Arrow', samples: [await ownTable('arrow'), await ownTable('arrow-file')] },
]

describe('a table of columns from a stranger', () => {
  itIsRowsOrRefused(families)
})
