import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/temporary.ts'
import { everyKey, everyValue } from './every-value.ts'
import { flechetteDifferences, writeFlechette } from './flechette-values.ts'
import { seriesIdOf, writeCsvFile } from './value-files.ts'
import { ValueRepository } from './value-repository.ts'

// `npm run test:large` runs this file with a million rows.
const isLarge = process.env.VARVE_TEST_SIZE === 'large'

const values = everyValue(isLarge ? 1_000_000 : 20_000, 7)
const keys = everyKey(isLarge ? 100_000 : 5_000, 8)
const kinds = [
  ['file', 'arrow'],
  ['stream', 'arrows'],
] as const

const folder = temporaryFolder()
const repository = new ValueRepository(folder)

beforeAll(async () => {
  const written = join(folder, 'values.csv')
  writeCsvFile(values, written)
  await repository.make()
  await repository.add(written, 'values', values)
}, 600_000)

describe.each(kinds)('another program for Arrow and a %s', (kind, ending) => {
  it('reads every value of every type as it was', async () => {
    const file = join(folder, `values.${ending}`)
    await repository.run('read', 'values', '-o', file)
    expect(flechetteDifferences(file, values)).toEqual([])
  }, 600_000)

  it.each([
    ['values', values],
    ['keys', keys],
  ])(
    'writes %s that are read to the bit',
    async (name, table) => {
      const file = join(folder, `${name}-theirs.${ending}`)
      writeFlechette(table, file, kind)
      await repository.add(file, `${name}-${kind}`, table)
      await repository.expectValues(`${name}-${kind}`, table, await seriesIdOf(table))
    },
    600_000,
  )
})
