import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { rawColumn } from '../../src/core/column-layout.ts'
import {
  type Frame,
  framesTable,
  type OpenedRepository,
  parseSchemaText,
  rowsTable,
  writeSeries,
  writeSplit,
} from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { openIn } from '../in-varve.ts'
import { costOf, grownBy, stored } from '../measure.ts'
import { Lakota } from '../peers/lakota.ts'
import { findGrowth, type Suite } from '../suite.ts'

const LAKOTA = 'Lakota'
const UPDATE = 'a row to one'
const ROWS = 5
const UPDATES = 30
const START_S = Date.UTC(2026, 0, 1) / 1000
const FULL = 10_000_000
/** Lakota copies its list of series for each that is written: more would take hours. */
const MOST_OF_LAKOTA = 10_000

/** One of many series gets a row, a commit each. */
export const seriesSuite: Suite = {
  name: 'series',
  about: 'one of many series gets a row, in process',
  targetRows: FULL,
  async run({ folder, rows: asked, peers }) {
    const comparison = new Comparison()
    const counts = [1000, 10_000, 100_000].map((count) =>
      Math.max(100, Math.round((count * Math.min(asked, FULL)) / FULL)),
    )
    const what = (count: number) => `${UPDATE}, ${count.toLocaleString('en-US')} series`
    for (const count of new Set(counts)) {
      await measureVarve(comparison, what(count), join(folder, 'varve'), count)
      if (peers.lakota === undefined || count > MOST_OF_LAKOTA) continue
      const lakota = new Lakota(peers.lakota)
      try {
        await measureLakota(comparison, what(count), join(folder, 'lakota'), count, lakota)
      } finally {
        lakota.close()
      }
    }
    const targets = counts
      .slice(1)
      .flatMap((count) => [
        ...comparison.ownTarget(what(count), 'storedBytes', 4000),
        ...comparison.ownTarget(what(count), 'seconds', 0.004),
      ])
    const rows = comparison.rows()
    const growth = [VARVE, LAKOTA].flatMap((who) => {
      const [found] = findGrowth(
        rows.filter((row) => row.who === who),
        [UPDATE],
        'series',
        counts,
      )
      return found!.points.length === 0 ? [] : [{ ...found!, what: `${UPDATE}, ${who}` }]
    })
    return { rows, targets, growth }
  },
}

export const nameOf = (at: number): string => `s${String(at).padStart(6, '0')}`
/** Those that are updated, spread over all of them. */
const updated = (i: number, count: number): number => (i * 7919) % count

async function measureVarve(
  comparison: Comparison,
  what: string,
  folder: string,
  count: number,
): Promise<void> {
  const repo = await openIn(folder)
  try {
    await makeSeries(repo, count)
    for (let i = -5; i < UPDATES; i++) {
      const before = stored(folder)
      const series = `many/${nameOf(updated(i + 5, count))}`
      const row = [BigInt(START_S + 1000 + i), 99.5] as const
      const cost = await costOf(() =>
        writeSeries(repo, {
          series,
          input: rowsTable('time:timestamp_s value:float64', [row]),
          commit: repo.signed('a row'),
        }),
      )
      // The first ones compile the code.
      if (i >= 0) comparison.add(what, VARVE, { ...cost, ...grownBy(before, stored(folder)) })
    }
  } finally {
    await repo.close()
    rmSync(folder, { recursive: true })
  }
}

/** Many series of a few rows, from one table, in one commit. */
export async function makeSeries(repo: OpenedRepository, count: number): Promise<void> {
  const schema = parseSchemaText('name:string time:timestamp_s value:float64', {
    index: ['name', 'time'],
  })
  await writeSplit(repo, {
    splitBy: 'name',
    into: 'many',
    create: true,
    input: framesTable(schema, () => manyFrames(schema, count)),
    commit: repo.signed('all series'),
  })
}

const SERIES_A_FRAME = 5000

function* manyFrames(schema: Frame['schema'], count: number): Generator<Frame> {
  const encoder = new TextEncoder()
  for (let from = 0; from < count; from += SERIES_A_FRAME) {
    const rows = Math.min(SERIES_A_FRAME, count - from) * ROWS
    const names = Array.from({ length: rows }, (_, row) => nameOf(from + Math.floor(row / ROWS)))
    const bytes = encoder.encode(names.join(''))
    const offsets = Uint32Array.from({ length: rows + 1 }, (_, i) => i * names[0]!.length)
    const times = BigInt64Array.from({ length: rows }, (_, row) => BigInt(START_S + (row % ROWS)))
    const values = Float64Array.from({ length: rows }, (_, row) => from + Math.floor(row / ROWS))
    yield {
      schema,
      rows,
      columns: [
        rawColumn('string', rows, bytes, undefined, offsets),
        rawColumn('timestamp_s', rows, times, undefined),
        rawColumn('float64', rows, values, undefined),
      ],
    }
  }
}

async function measureLakota(
  comparison: Comparison,
  what: string,
  path: string,
  count: number,
  lakota: Lakota,
): Promise<void> {
  await lakota.act('many', { path, count, rows: ROWS })
  for (let i = 0; i < UPDATES; i++) {
    const before = stored(path)
    const name = nameOf(updated(i + 5, count))
    const cost = await lakota.act('append', { path, name, at: 1000 + i })
    comparison.add(what, LAKOTA, { ...cost, ...grownBy(before, stored(path)) })
  }
  rmSync(path, { recursive: true })
}
