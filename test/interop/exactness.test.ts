import { join } from 'node:path'
import { beforeAll, describe, it } from 'vitest'
import { type TableFormatName, tableFormats } from '../../src/formats/table.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { everyKey, everyValue, type ValueLimits, type ValueTable } from './every-value.ts'
import { indexArguments, seriesIdOf, writeCsvFile } from './value-files.ts'
import { ValueRepository } from './value-repository.ts'

// `npm run test:large` runs this file with a million rows.
const isLarge = process.env.VARVE_TEST_SIZE === 'large'
const ROWS = isLarge ? 1_000_000 : 20_000

const ENDINGS: Readonly<Record<TableFormatName, string>> = {
  csv: 'csv',
  ndjson: 'ndjson',
  parquet: 'parquet',
  arrow: 'arrows',
  'arrow-file': 'arrow',
}

/** Formats that do not say what types their columns have. */
const TEXTS: ReadonlySet<TableFormatName> = new Set(['csv', 'ndjson'])

/** Parquet has no seconds: those are milliseconds of 64 bits there. */
const inParquet: ValueLimits = {
  without: (type, value) =>
    type === 'timestamp_s' && BigInt.asIntN(64, (value as bigint) * 1_000n) / 1_000n !== value,
}
const others = tableFormats.filter((format) => format !== 'parquet')
const KEYS = isLarge ? 100_000 : 5_000

const tables: readonly (readonly [string, ValueTable, readonly TableFormatName[]])[] = [
  ['values', everyValue(ROWS, 3), others],
  ['keys', everyKey(KEYS, 4), others],
  ['values-for-parquet', everyValue(ROWS, 3, inParquet), ['parquet']],
  ['keys-for-parquet', everyKey(KEYS, 4, inParquet), ['parquet']],
]

const folder = temporaryFolder()
const repository = new ValueRepository(folder)

beforeAll(() => repository.make())

describe.each(tables)('%s of every type', (name, table, formats) => {
  const written = join(folder, `${name}.csv`)
  let id: string

  beforeAll(async () => {
    writeCsvFile(table, written)
    id = await seriesIdOf(table)
    await repository.add(written, name, table)
  }, 600_000)

  it('are read from text as they were written', async () => {
    await repository.expectValues(name, table, id)
  })

  it.each(formats)(
    'go through %s and back',
    async (format) => {
      const file = join(folder, `${name}-out.${ENDINGS[format]}`)
      const copy = `${name}-${format}`
      await repository.run('read', name, '-o', file)
      if (TEXTS.has(format)) await repository.add(file, copy, table)
      else await repository.run('add', file, '--as', copy, ...indexArguments(table))
      await repository.expectValues(copy, table, id)
    },
    600_000,
  )
})
