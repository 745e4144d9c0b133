import { describe, expect, it } from 'vitest'
import type { Place } from '../../../src/core/plot-buckets.ts'
import { openZone } from '../../../src/core/zone.ts'
import { bucketText } from '../../../src/porcelain/chart/axis-text.ts'
import type { PlotAxis, PlotColumn, PlotData, PlotLine } from '../../../src/porcelain/plot-data.ts'

const DAY = 86_400_000_000_000n

function lineOf(places: readonly (readonly [Place, Place] | undefined)[]): PlotLine {
  const none = new Float64Array(places.length)
  const counts = Uint32Array.from(places, (place) => (place === undefined ? 0 : 1))
  return {
    ...{ low: none, high: none, first: none, last: none },
    ...{ rows: counts, missing: new Uint32Array(places.length), positions: places.length },
    firstAt: places.map((place) => place?.[0]),
    lastAt: places.map((place) => place?.[1]),
  }
}

/** A plot over two buckets, and what each of them is called. */
function texts(
  axis: PlotAxis,
  range: { from: Place; to: Place },
  versions: Pick<PlotColumn, 'after' | 'before'>,
): string[] {
  const column = { name: 'v', ...versions }
  const plot: PlotData = {
    path: 'a',
    axis,
    from: Number(range.from),
    to: Number(range.to),
    exact: typeof range.from === 'bigint' ? (range as { from: bigint; to: bigint }) : undefined,
    extent: undefined,
    columns: [column],
    rows: 2,
  }
  return [0, 1].map((bucket) => {
    const { first, last } = bucketText(plot, column, bucket)
    return last === undefined ? first : `${first} … ${last}`
  })
}

describe('what a bucket is called', () => {
  it('is the key of its row, and the first and the last of several', () => {
    const axis = { name: 't', kind: 'date', type: 'date' } as const
    const after = lineOf([
      [19_296n * DAY, 19_296n * DAY],
      [19_297n * DAY, 19_299n * DAY],
    ])
    const range = { from: 19_295n * DAY, to: 19_300n * DAY }
    expect(texts(axis, range, { after })).toEqual(['2022-10-31', '2022-11-01 … 2022-11-03'])
  })

  it('is the key of its rows where the axis counts them', () => {
    const axis = { name: 'city', kind: 'row', type: 'string' } as const
    const line = lineOf([
      [0, 4],
      [5, 5],
    ])
    const after = { ...line, firstKey: ['Aarau', 'Zug'], lastKey: ['Uster', 'Zug'] }
    const range = { from: 0, to: 5 }
    expect(texts(axis, range, { after })).toEqual(['Aarau … Uster', 'Zug'])
    expect(texts(axis, range, { after: lineOf([undefined, [5, 5]]) })).toEqual(['row 0', 'row 5'])
  })

  it('is of the rows of both versions', () => {
    const axis = { name: 't', kind: 'number', type: 'int64' } as const
    const after = lineOf([[3, 4], undefined])
    const before = lineOf([
      [2, 3],
      [9, 9],
    ])
    const shown = texts(axis, { from: 0, to: 10 }, { after, before })
    expect(shown).toEqual(['t 2 … 4', 't 9'])
  })

  it('is where it begins, if there is no row', () => {
    const axis = { name: 't', kind: 'number', type: 'int64' } as const
    const after = lineOf([undefined, undefined])
    expect(texts(axis, { from: 0, to: 10 }, { after })).toEqual(['t 0', 't 5'])
  })

  it('has nanoseconds, and the clocks of the zone', async () => {
    const zone = await openZone('America/New_York')
    const axis = { name: 't', kind: 'time', type: 'timestamp_ns', zone } as const
    const at = 1_667_200_000_000_000_001n
    const after = lineOf([[at, at], undefined])
    expect(texts(axis, { from: at - 5n, to: at + 5n }, { after })[0]).toBe(
      '2022-10-31T03:06:40.000000001-04:00',
    )
  })
})
