import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { scalarAt } from '../../src/core/column-ops.ts'
import { hasCode } from '../../src/core/errors.ts'
import { formatSeconds } from '../../src/core/time.ts'
import { openZone } from '../../src/core/zone.ts'
import { csvFormat } from '../../src/formats/csv/csv-format.ts'
import type { DstChoice } from '../../src/formats/table.ts'

const zones = [
  'Europe/Brussels',
  'Europe/Dublin',
  'Africa/Cairo',
  'America/New_York',
  'America/St_Johns',
  'America/Havana',
  'America/Sao_Paulo',
  'Asia/Tehran',
  'Australia/Lord_Howe',
  'Pacific/Apia',
] as const

/** Local times in seconds around a change of clocks, by how far they are from it. */
const AROUND = [-7200, -3600, -1800, -1, 0, 1, 1799, 1800, 3600, 7200]

type Case = { readonly zone: string; readonly local: number }

/** A hundred local times of a zone: ten around each of ten changes of its clocks. */
async function casesOf(name: string): Promise<Case[]> {
  const zone = await openZone(name)
  const changes: number[] = []
  const end = Date.UTC(2022, 0) / 1000
  for (let day = Date.UTC(1972, 0) / 1000; day < end; day += 86_400) {
    if (zone.offsetAt(day) === zone.offsetAt(day + 86_400)) continue
    let [before, after] = [day, day + 86_400]
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2)
      if (zone.offsetAt(middle) === zone.offsetAt(before)) before = middle
      else after = middle
    }
    changes.push(after)
  }
  // Two in a row are one forward and one back.
  const starts = Array.from({ length: 5 }, (_, i) => Math.floor((i * (changes.length - 1)) / 5))
  return starts.flatMap((start) =>
    changes.slice(start, start + 2).flatMap((change) => {
      const clock = change + Math.min(zone.offsetAt(change - 1), zone.offsetAt(change))
      return AROUND.map((seconds) => ({ zone: name, local: clock + seconds }))
    }),
  )
}

/** The instant of a local time, alone in a table; undefined where it is refused. */
async function readAlone({ zone, local }: Case, dst: DstChoice): Promise<number | undefined> {
  const text = `t\n${formatSeconds(BigInt(local))}\n`
  const input = {
    name: 'one.csv',
    reading: { zone, dst },
    open: async function* () {
      yield Buffer.from(text)
    },
  }
  const schema = {
    columns: [{ name: 't', type: 'timestamp_s' as const }],
    indexCount: 1,
    duplicates: false,
  }
  try {
    for await (const { columns } of csvFormat.read(input, { schema })) {
      return Number(scalarAt(columns[0]!, 0))
    }
  } catch (error) {
    if (!hasCode(error, 'bad-input')) throw error
  }
  return undefined
}

describe('local times around changes of clocks', () => {
  let duckdb: DuckDBInstance
  beforeAll(async () => {
    duckdb = await DuckDBInstance.create(':memory:')
  })
  afterAll(() => duckdb.closeSync())

  /** All instants at which DuckDB's clocks show each of some local times. */
  async function instantsOf(cases: readonly Case[]): Promise<number[][]> {
    const connection = await duckdb.connect()
    try {
      await connection.run("SET TimeZone = 'UTC'")
      const values = cases.map(({ zone, local }, i) => `(${i}, '${zone}', ${local})`).join(', ')
      // Offsets were whole quarters of an hour in these zones and years, and at most 15 hours.
      const { length } = cases
      const rows = await connection.runAndReadAll(`
        WITH cases(i, zone, local) AS (VALUES ${values}),
        tried AS (
          SELECT i, zone, local, local - quarter * 900 AS instant
          FROM cases, range(-60, 61) AS quarters(quarter)
        )
        SELECT i, instant FROM tried
        WHERE epoch(timezone(zone, to_timestamp(instant))) = local
        ORDER BY i, instant`)
      const found: number[][] = Array.from({ length }, () => [])
      for (const [i, instant] of rows.getRows()) found[Number(i)]!.push(Number(instant))
      return found
    } finally {
      connection.closeSync()
    }
  }

  it.each(zones)('are those of DuckDB or, where it would guess, refused: %s', async (name) => {
    const cases = await casesOf(name)
    const expected = await instantsOf(cases)
    expect(cases).toHaveLength(100)
    const counts = [0, 0, 0]
    for (const [i, one] of cases.entries()) {
      const instants = expected[i]!
      counts[instants.length]!++
      const certain = instants.length === 1 ? instants[0] : undefined
      const found = {
        ...one,
        infer: await readAlone(one, 'infer'),
        error: await readAlone(one, 'error'),
        first: await readAlone(one, 'first'),
        last: await readAlone(one, 'last'),
      }
      expect(found).toEqual({
        ...one,
        infer: certain,
        error: certain,
        first: instants[0],
        last: instants.at(-1),
      })
    }
    // There were times that are not there, times that are there once, and times that are twice.
    expect(counts.every((count) => count > 0)).toBe(true)
  })
})
