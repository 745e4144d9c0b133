import { equalBytes } from './bytes.ts'
import { ChangedGroups } from './changed-groups.ts'
import type { ColumnType, Scalar } from './column.ts'
import type { ColumnsMerge } from './merge-columns.ts'
import { type MergeItem, type MergeRowsOptions, RowMerger, type Take } from './merge-group.ts'
import type { ObjectReader } from './objects.ts'
import { keyValues, type Series } from './series.ts'
import { diffPieces } from './series-diff-rows.ts'
import { VersionedRows } from './versioned-rows.ts'

/**
 * Merges two versions of a series with index columns of the same types, in key order: what has to
 * change in the start side, and what is in conflict, where ours stays. Reads what differs.
 */
export async function* mergeRows(
  reader: ObjectReader,
  versions: { readonly base: Series | undefined; readonly ours: Series; readonly theirs: Series },
  columns: ColumnsMerge,
  options: MergeRowsOptions,
): AsyncGenerator<MergeItem> {
  const { ours, theirs } = versions
  const { start } = columns
  const other = start === 'ours' ? 'theirs' : 'ours'
  const rows = new VersionedRows(reader, versions, columns)
  const merger = new RowMerger(columns, options)
  if (versions.base === undefined) {
    const pieces = diffPieces(
      reader,
      ours,
      theirs,
      pairing(ours, theirs, columns, 'ours', 'theirs'),
    )
    const changed = new ChangedGroups(pieces, ours)
    for (let group = await changed.head(); group; group = await changed.next()) {
      const all = await rows.of(group)
      yield* merger.merge(keyOf(ours, group), all, all[start], other)
    }
    return
  }
  const { base } = versions
  const changedIn = (side: 'ours' | 'theirs') =>
    new ChangedGroups(
      diffPieces(
        reader,
        base,
        versions[side],
        pairing(base, versions[side], columns, 'base', side),
      ),
      base,
    )
  const mine = changedIn(start)
  const others = changedIn(other)
  const keepsColumns = columns.columns.every((column) => column[other] !== undefined)
  for (let group = await others.head(); group; group = await others.next()) {
    const key = keyOf(base, group)
    const met = await mine.skipTo(group)
    if (met !== undefined && equalBytes(met, group)) {
      const all = await rows.of(group)
      yield* merger.merge(key, all, all[start], other)
      continue
    }
    // The start side has what the base had, but for columns that it alone has.
    const fresh = await rows.read(other, group)
    const kept = keepsColumns ? [] : await rows.read(start, group)
    yield { merged: { key, rows: merger.withKept(fresh, kept, other) } }
  }
}

function keyOf({ schema }: Series, group: Uint8Array): readonly Scalar[] {
  return keyValues({ ...schema, duplicates: false }, group)
}

/** How two versions are compared: in the columns that both sides have. */
function pairing(
  { schema: old }: Series,
  { schema: fresh }: Series,
  { columns, schema }: ColumnsMerge,
  from: Take,
  to: 'ours' | 'theirs',
) {
  const indexTypes: ColumnType[] = old.columns.slice(0, old.indexCount).map(({ type }) => type)
  // Subtrees that are equal can be skipped where every column has its place.
  const aligned =
    old.columns.length === fresh.columns.length &&
    old.columns.every(({ type }, i) => type === fresh.columns[i]!.type) &&
    columns.every((column) => column[from] === column[to])
  const pairs = aligned
    ? old.columns.map((_, i) => ({ old: i, new: i })).slice(old.indexCount)
    : columns
        .slice(schema.indexCount)
        .filter(({ ours, theirs }) => ours !== undefined && theirs !== undefined)
        .map((column) => ({ old: column[from], new: column[to] }))
  return { pairs, changes: [], indexTypes, aligned }
}
