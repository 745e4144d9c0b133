import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatScalar } from '../../../src/core/scalar-text.ts'
import { formatSchemaText } from '../../../src/core/schema-codec.ts'
import type { Spill } from '../../../src/core/spill.ts'
import { type InferCsvOptions, inferCsv } from '../../../src/formats/csv/infer-csv.ts'
import type { ByteSource } from '../../../src/formats/csv/stream.ts'
import { sortFrames } from '../../../src/formats/sort-frames.ts'
import { createMemorySpill } from '../../../src/formats/spill.ts'
import type { InferredTable } from '../../../src/formats/table.ts'
import { bytes, cut, rowsOf } from './support.ts'

type Source = ByteSource | (() => ByteSource)

interface Outcome {
  readonly content?: unknown
  readonly fault?: unknown
  readonly notices: readonly string[]
  readonly isGuess: boolean
  readonly isRight?: boolean
}

/** All that comes of a table: its schema and rows, or its fault, and what is said meanwhile. */
async function outcomeOf(source: Source, options: InferCsvOptions): Promise<Outcome> {
  const notices: string[] = []
  const said = { ...options, file: 'a.csv', onNotice: (text: string) => notices.push(text) }
  let found: InferredTable | undefined
  const told = (rest: Pick<Outcome, 'content' | 'fault' | 'isRight'>): Outcome => ({
    ...rest,
    notices,
    isGuess: found?.settle !== undefined,
  })
  try {
    found = await inferCsv(source, said)
    const [taken] = await Promise.allSettled([contentOf(found)])
    const settled = await found.settle?.()
    if (settled !== undefined) return told({ content: await contentOf(settled) })
    if (taken.status === 'rejected') throw taken.reason
    return told({ content: taken.value, isRight: true })
  } catch (error) {
    const { message, code, hint, data } = error as Error & Record<string, unknown>
    return told({ fault: { message, code, hint, data } })
  } finally {
    await found?.discard()
  }
}

async function contentOf(table: InferredTable): Promise<unknown> {
  const { schema, sorted } = table
  const lines: number[] = []
  const frames = async function* () {
    for await (const frame of sortFrames(table.frames(), schema, { sorted })) {
      lines.push(...frame.source!.lines)
      yield frame
    }
  }
  const rows = await rowsOf(frames())
  const texts = rows.map((row) =>
    row.map((value, at) => (value === null ? null : formatScalar(value, schema.columns[at]!.type))),
  )
  return { schema: formatSchemaText(schema), sorted, texts, lines, emptyRows: table.emptyRows }
}

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0')
const dayOf = (row: number): string => new Date(row * 86_400_000).toISOString().slice(0, 10)
const timeOf = (row: number): string => new Date(row * 60_000).toISOString().slice(0, 19)

/** Cells by row, most of a column's. */
const usual: Record<string, (row: number) => string> = {
  whole: (row) => String(row),
  decimal: (row) => (row / 4).toFixed(2),
  comma: (row) => (row / 4).toFixed(2).replace('.', ','),
  large: (row) => String(9_007_199_254_740_993n + BigInt(row)),
  time: (row) => `${timeOf(row)}Z`,
  local: timeOf,
  fraction: (row) => `${timeOf(row)}.5Z`,
  day: dayOf,
  ambiguous: (row) => `${pad((row % 12) + 1)}/${pad((row % 11) + 1)}/2026`,
  dayFirst: (row) => dayOf(row).split('-').reverse().join('/'),
  text: (row) => `t${pad(row, 5)}`,
  word: (row) => (row % 2 === 0 ? 'true' : 'FALSE'),
  nothing: () => '',
}

/** Cells that may be among them. */
const strays = [
  '',
  '0',
  '-5',
  '7.5',
  '007',
  '+49',
  '1e3',
  'NaN',
  'inf',
  '-0',
  'NA',
  'n/a',
  'x',
  'true',
  '1,5',
  '1.234,5',
  '12 %',
  '18446744073709551615',
  '9007199254740993',
  '2026-02-30',
  '2026-10-25T02:30:00',
  '2026-03-29T02:30:00',
  '2026-01-01',
  '2026-01-01T00:00:00',
  '2026-01-01T00:00:00.123456789Z',
  '1500-01-01T00:00:00Z',
  '2026-01-01T00:00:00+02:00',
  '13/01/2026',
  '01/13/2026',
  '31/02/2026',
  '4 Mar 2026',
  '2026-W01',
  '""',
  '"a ""b"""',
  '"1"',
  ' 5 ',
  'k',
  'v',
  '"two\nlines"',
  '\ufffd',
]

const stray = fc.record({
  /** From the end, so that it is far from the rows that the guess is made from. */
  back: fc.oneof({ arbitrary: fc.constant(0), weight: 2 }, { arbitrary: fc.nat(700), weight: 3 }),
  column: fc.nat(2),
  cell: fc.constantFrom(...strays),
})

const lines = fc.constantFrom('only one', '1,2,3,4', '', ',,', 'k,v,w', 'a"b,1,2', '"open,1,2')

const anyKind = fc.constantFrom(...Object.keys(usual))
/** Of these an index is in order, most often. */
const inOrder = [
  'whole',
  'decimal',
  'time',
  'local',
  'fraction',
  'day',
  'text',
  'dayFirst',
  'large',
]

function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ arbitrary, weight: 1 }, { arbitrary: fc.constant(undefined), weight: 6 })
}

const table = fc.record({
  kinds: fc.tuple(fc.constantFrom(...inOrder), anyKind, anyKind),
  rows: fc.oneof(fc.integer({ min: 1, max: 700 }), fc.integer({ min: 400, max: 700 })),
  strays: fc.array(stray, { maxLength: 2 }),
  oddLine: seldom(fc.tuple(lines, fc.nat(700))),
  shuffled: seldom(fc.nat(700)),
  repeated: seldom(fc.nat(700)),
  lineEnd: fc.constantFrom('\n', '\n', '\r\n', '\r'),
  quoted: fc.nat(8).map((n) => n === 0),
  mark: fc.nat(4).map((n) => n === 0),
  delimiter: fc.constantFrom(',', ',', ';'),
})

type Table = typeof table extends fc.Arbitrary<infer T> ? T : never

function textOf(made: Table): string {
  const { kinds, rows, delimiter, lineEnd, quoted } = made
  const records = Array.from({ length: rows }, (_, row) => kinds.map((kind) => usual[kind]!(row)))
  for (const { back, column, cell } of made.strays) {
    if (back < rows) records[rows - 1 - back]![column] = cell
  }
  if (made.shuffled !== undefined) records.push(...records.splice(made.shuffled % rows, 1))
  if (made.repeated !== undefined) records.push(records[made.repeated % rows]!)
  const written = (cell: string): string =>
    !cell.startsWith('"') && (quoted || cell.includes(delimiter)) ? `"${cell}"` : cell
  const all = records.map((cells) => cells.map(written).join(delimiter))
  if (made.oddLine !== undefined)
    all.splice(made.oddLine[1] % rows, 0, made.oddLine[0].replaceAll(',', delimiter))
  return `${made.mark ? '\ufeff' : ''}${[['k', 'v', 'w'].join(delimiter), ...all, ''].join(lineEnd)}`
}

const options: fc.Arbitrary<InferCsvOptions> = fc.record({
  index: seldom(fc.constantFrom(['k'], ['v'], ['k', 'v'])),
  duplicates: fc.boolean(),
  zone: seldom(fc.constantFrom('Europe/Brussels', 'Europe/Brussels', 'UTC', 'Nowhere/At all')),
  nulls: seldom(fc.constantFrom(['NA'], ['n/a', 'x'])),
  decimal: seldom(fc.constant(',' as const)),
  types: seldom(
    fc.constantFrom(
      new Map([['v', 'string'] as const]),
      new Map([['v', 'float64'] as const]),
      new Map([['k', 'timestamp_ms'] as const, ['w', 'int32'] as const]),
      new Map([['v', 'date'] as const]),
    ),
  ),
})

const MANY = 1000

/** A table of many rows of these cells, in order, the last of which has others. */
function endingIn(cell: string, last: readonly [string, string], count = MANY): Uint8Array {
  const rows = Array.from({ length: count }, (_, row) => `${10_000 + row},${cell}\n`)
  return bytes(`k,v\n${rows.join('')}${last[0]},${last[1]}\n`)
}

describe('inferCsv that may guess', () => {
  it.each([
    ['nothing', '', '1.5', 'float64'],
    ['nothing', '', 'x', 'string'],
    ['whole numbers', '5', '9007199254740993', 'int64'],
    ['whole numbers', '5', '18446744073709551615', 'uint64'],
    ['whole numbers', '5', '18446744073709551616', 'string'],
    ['large numbers', '9007199254740993', '0.25', 'float64'],
    ['numbers', '5', 'x', 'string'],
    ['numbers', '5', '007', 'string'],
    ['words', 'true', '0', 'string'],
    ['days', '2026-01-01', '2026-01-01T00:00:00Z', 'timestamp_s'],
    ['times', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.5Z', 'timestamp_ms'],
    ['times', '2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00.000001Z', 'timestamp_us'],
    ['times', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00.123456789Z', 'timestamp_ns'],
    ['far times', '1500-01-01T00:00:00Z', '2026-01-01T00:00:00.123456789Z', 'string'],
    ['times', '2026-01-01T00:00:00Z', '5', 'string'],
    ['days of either layout', '03/04/2026', '31/12/2026', 'date'],
    ['days, the day first', '31/12/2026', '12/31/2026', undefined],
  ])('looks again where %s (%s) end in %s', async (_, cell, last, type) => {
    const whole = endingIn(cell, ['99999', last])
    const found = await inferCsv([whole], { mayGuess: true, guessBytes: 1 })
    expect(found.settle).toBeTypeOf('function')
    await expect(rowsOf(found.frames())).rejects.toThrow()
    if (type === undefined) {
      await expect(found.settle!()).rejects.toMatchObject({ code: 'bad-input' })
      return
    }
    const settled = (await found.settle!())!
    expect(settled.schema.columns.map((column) => column.type)).toEqual(['int64', type])
    const rows = await rowsOf(settled.frames())
    expect(rows).toHaveLength(MANY + 1)
    expect(rows.at(-1)![1]).not.toBeNull()
  })

  it.each([
    ['a number out of order', '1', 'int64', false],
    ['a text', 'x', 'string', false],
    ['a fraction', '99999.5', 'float64', true],
  ])('looks again where the index of numbers ends in %s', async (_, last, type, sorted) => {
    const whole = endingIn('1', [last, '1'])
    const found = await inferCsv([whole], { mayGuess: true, guessBytes: 1 })
    await expect(rowsOf(found.frames())).rejects.toThrow()
    const settled = (await found.settle!())!
    expect(settled.schema.columns[0]!.type).toBe(type)
    expect(settled.sorted).toBe(sorted)
    expect(await rowsOf(settled.frames())).toHaveLength(MANY + 1)
  })

  it.each([
    ['5', '0.25'],
    ['5', ''],
    ['9007199254740993', '-1'],
    ['2026-01-01T00:00:00Z', '2026-01-01'],
    ['2026-01-01T00:00:00.5Z', '2026-01-01T00:00:00Z'],
    ['31/12/2026', '1/2/2026'],
    ['x', '5'],
  ])('looks once where %s goes before %s', async (cell, last) => {
    let opened = 0
    const open = () => {
      opened++
      return [endingIn(cell, ['99999', last])]
    }
    const found = await inferCsv(open, { mayGuess: true, guessBytes: 1 })
    expect(await rowsOf(found.frames())).toHaveLength(MANY + 1)
    expect(await found.settle!()).toBeUndefined()
    expect(opened).toBe(1)
  })

  it('says that rows were other than guessed also where nobody wanted them to the end', async () => {
    const whole = endingIn('5', ['99999', 'x'], 40_000)
    const found = await inferCsv([whole], { mayGuess: true, guessBytes: 1 })
    for await (const _ of found.frames()) break
    const settled = (await found.settle!())!
    expect(settled.schema.columns[1]!.type).toBe('string')
    await settled.discard()
  })

  it('keeps what is read before there are rows to guess from in the spill', async () => {
    const memory = createMemorySpill()
    let spilled = 0
    const spill: Spill = {
      async create() {
        const file = await memory.create()
        return {
          ...file,
          write: (part) => {
            spilled += part.length
            return file.write(part)
          },
        }
      },
    }
    const blank = ',\n'.repeat(2 * 1024 * 1024)
    const whole = bytes(`k,v\n1,2\n${blank}3,4\n`)
    const options = { mayGuess: true, guessBytes: 10, memoryLimit: 0, spill }
    const found = await inferCsv(() => cut(whole, [100_000]), options)
    expect(spilled).toBeGreaterThanOrEqual(blank.length)
    expect(await rowsOf(found.frames())).toEqual([
      [1n, 2],
      [3n, 4],
    ])
    await found.discard()
  })

  it.each([
    ['that has no header', 'k,k\n1,2\n'],
    ['whose header is data', '1,2\n3,4\n'],
    ['of which a row is at fault', 'k,v\n1,2,3\n'],
  ])('lets go of a source %s', async (_, text) => {
    let isOpen = true
    const source = async function* () {
      try {
        yield bytes(text)
        for (;;) yield bytes('5,6\n'.repeat(40_000))
      } finally {
        isOpen = false
      }
    }
    await expect(inferCsv(source, { mayGuess: true })).rejects.toMatchObject({ code: 'bad-input' })
    expect(isOpen).toBe(false)
  })

  it('says and gives what looking at all rows first does', async () => {
    const seen = { right: 0, wrong: 0 }
    await fc.assert(
      fc.asyncProperty(
        table,
        options,
        fc.array(fc.integer({ min: 500, max: 9000 }), { maxLength: 2 }),
        fc.boolean(),
        fc.constantFrom(1, 6000),
        async (made, said, sizes, isOnce, guessBytes) => {
          const whole = bytes(textOf(made))
          const open = () => cut(whole, sizes)
          const source = isOnce ? open() : open
          const expected = await outcomeOf(open, said)
          const guessed = await outcomeOf(source, { ...said, mayGuess: true, guessBytes })
          const { isGuess, isRight = false, ...rest } = guessed
          if (isGuess) seen[isRight ? 'right' : 'wrong']++
          const { isGuess: _, isRight: __, ...all } = expected
          expect(rest).toEqual(all)
        },
      ),
      { numRuns: 100 },
    )
    expect(seen.right).toBeGreaterThan(10)
    expect(seen.wrong).toBeGreaterThan(10)
  })
})
