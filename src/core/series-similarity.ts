import type { Id } from './id.ts'
import type { ObjectReader } from './objects.ts'
import { readSeries } from './series.ts'
import { diffPieces } from './series-diff-rows.ts'
import { matchSchemas } from './series-match.ts'

/**
 * Whether one series can be what became of another: at least half of the rows are the same, and half of
 * the value columns. Stops reading once more rows differ.
 */
export async function isSimilar(reader: ObjectReader, old: Id, fresh: Id): Promise<boolean> {
  if (old === fresh) return true
  const a = await readSeries(reader, old)
  const b = await readSeries(reader, fresh)
  const most = Math.max(a.rows, b.rows)
  if (Math.min(a.rows, b.rows) * 2 < most || most === 0) return false
  const match = await matchSchemas(reader, a, b)
  const { indexTypes } = match
  if (indexTypes === undefined) return false
  const pairs = match.pairs.filter((pair) => pair.old !== undefined && pair.new !== undefined)
  if (pairs.length * 2 < match.pairs.length) return false
  let left = Math.floor(most / 2)
  for await (const piece of diffPieces(reader, a, b, { ...match, indexTypes, pairs })) {
    left -= piece.rows === 'all' ? (piece.new ?? piece.old)!.rows : piece.rows.old.length
    if (left < 0) return false
  }
  return true
}
