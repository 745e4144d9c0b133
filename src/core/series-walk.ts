import { VarveError } from './errors.ts'
import { hashObject, type Id, type ObjectKind } from './id.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'
import type { ProllyNode } from './prolly.ts'
import { isLeaf, type ProllyChild, readChild } from './prolly-node.ts'
import { formatOf, readSeries } from './series.ts'
import { buildSeries } from './series-build.ts'
import { type SegmentColumns, walkColumns } from './series-columns.ts'
import { readRows } from './series-read.ts'
import { SPLIT_LIMITS, type SplitLimits } from './split.ts'

/** An object that a series is made of. */
export interface SeriesPart {
  readonly kind: ObjectKind
  readonly id: Id
}

/**
 * The objects that a series is made of, itself first and what holds another before it; one that is
 * in several places comes several times. What is under a part for which `skip` says true is left
 * out, and so is that part. Columns are not read.
 */
export async function* walkSeries(
  reader: ObjectReader,
  id: Id,
  skip: (part: SeriesPart) => boolean = () => false,
): AsyncGenerator<SeriesPart> {
  const self: SeriesPart = { kind: 'series', id }
  if (skip(self)) return
  yield self
  const { schema, root } = await readSeries(reader, id)
  const format = formatOf(schema)
  const count = schema.columns.length
  async function* visit(node: ProllyNode<SegmentColumns>): AsyncGenerator<SeriesPart> {
    if (isLeaf(node)) {
      for (const { value, weight } of node.entries) {
        yield* walkColumns(reader, value, count, weight, skip)
      }
      return
    }
    for (const entry of node.entries as readonly ProllyChild[]) {
      const part: SeriesPart = { kind: 'segments', id: entry.child }
      if (skip(part)) continue
      yield part
      yield* visit(await readChild(reader, format, node.level, entry))
    }
  }
  yield* visit(root)
}

/**
 * Reads a whole series and checks all that the format says of it: `corrupt-object` unless building
 * it from its rows gives the same id.
 */
export async function checkSeries(
  reader: ObjectReader,
  id: Id,
  limits: SplitLimits = SPLIT_LIMITS,
): Promise<void> {
  const series = await readSeries(reader, id)
  const hashing: ObjectWriter = {
    read: (wanted, kind) => reader.read(wanted, kind),
    put: async (kind, canonical) => hashObject(kind, canonical),
  }
  let rebuilt: Id
  try {
    rebuilt = (await buildSeries(hashing, series.schema, readRows(reader, series), limits)).id
  } catch (cause) {
    if (!(cause instanceof VarveError) || cause.code !== 'bad-input') throw cause
    throw new VarveError('corrupt-object', `a series has bad rows: ${cause.message}`, {
      data: { id },
      cause,
    })
  }
  if (rebuilt !== id) {
    throw new VarveError('corrupt-object', 'a series is not stored as the format says', {
      data: { id, rebuilt },
    })
  }
}
