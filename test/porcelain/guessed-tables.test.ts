import { describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import { formatSchemaText } from '../../src/core/schema-codec.ts'
import { readSeries } from '../../src/core/series.ts'
import type { InputTable } from '../../src/formats/table.ts'
import { addFiles } from '../../src/porcelain/add-files.ts'
import { takeInferred } from '../../src/porcelain/read-input.ts'
import { writeSeries } from '../../src/porcelain/write-series.ts'
import { newRepository } from '../support/repositories.ts'
import { everythingOf, pipe, table } from '../support/tables.ts'

/** Enough of them that a schema is guessed from the first. */
const ROWS = 160_000
const rows = Array.from({ length: ROWS }, (_, row) => `${row},${row % 7}\n`).join('')
const textOf = (last: string): string => `k,v\n${rows}${last}\n`

const newRepo = () => newRepository({ workTree: true })

async function add(input: InputTable, options: object = {}) {
  const repo = await newRepo()
  const { series } = await addFiles(repo, [{ series: 's', input }], options)
  return { repo, id: series[0]!.id! }
}

async function faultOf(work: () => Promise<unknown>): Promise<VarveError> {
  try {
    await work()
  } catch (error) {
    return error as VarveError
  }
  throw new Error('there was no fault')
}

/** The table, noting how often it is opened and expected to be. */
function counted(text: string) {
  const times = { opened: 0, announced: 1 }
  const { open, ...rest } = table(text)
  const input: InputTable = {
    ...rest,
    willRead(count) {
      times.announced = count
    },
    open() {
      times.opened++
      return open()
    },
  }
  return { input, times }
}

describe('a table whose types are guessed from its first rows', () => {
  it.each([
    ['as the first rows', `${ROWS},5`, 'k:int64 v:float64', 1],
    ['a text', `${ROWS},x`, 'k:int64 v:string', 2],
    ['out of order', '-1,5', 'k:int64 v:float64', 2],
    ['a time', `${ROWS},2026-01-01`, 'k:int64 v:string', 2],
  ])(
    'is the series that its schema makes it where its last row is %s',
    async (_, last, schema, count) => {
      const { input, times } = counted(textOf(last))
      const { repo, id } = await add(input)
      const told = await add(table(textOf(last)), { schema })
      expect(formatSchemaText((await readSeries(repo.objects, id)).schema)).toBe(schema)
      expect(id).toBe(told.id)
      expect(times).toEqual({ opened: count, announced: count })
    },
  )

  it('is the same series where it comes through a pipe, by write', async () => {
    const { id } = await add(table(textOf(`${ROWS},x`)))
    const repo = await newRepo()
    const written = await writeSeries(repo, {
      series: 's',
      input: pipe(textOf(`${ROWS},x`)),
      create: true,
    })
    expect(written.series[0].id).toBe(id)
  })

  it.each([
    ['a key that is there', '5,1', `a.csv:${ROWS + 2}:1`, 'keys that differ'],
    ['a null in the index', ',1', `a.csv:${ROWS + 2}:1`, 'a value'],
    ['a cell too many', '5,1,1', `a.csv:${ROWS + 2}:5`, '2 cells'],
    [
      'a mark for no value',
      `${ROWS},NA`,
      `a.csv:${ROWS + 2}:${String(ROWS).length + 2}`,
      'float64',
    ],
  ])(
    'is at fault, and changes nothing, where its last row has %s',
    async (_, last, place, expected) => {
      const repo = await newRepo()
      const before = await everythingOf(repo)
      const input = table(textOf(last))
      const fault = await faultOf(() => addFiles(repo, [{ series: 's', input }], {}))
      expect(fault.code).toBe('bad-input')
      expect(fault.message).toContain(place)
      expect(fault.data.expected).toBe(expected)
      expect(await everythingOf(repo)).toEqual(before)
    },
  )

  it('is not read again where the disk was full: no other types would help', async () => {
    const { input, times } = counted(textOf(`${ROWS},x`))
    const full = new VarveError('disk-full', 'no space left')
    const taken = takeInferred(input, {}, async (rows) => {
      for await (const _ of rows.frames()) throw full
    })
    await expect(taken).rejects.toBe(full)
    expect(times.opened).toBe(1)
  })
})
