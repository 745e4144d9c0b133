import { equalBytes } from './bytes.ts'
import { isNull } from './column.ts'
import { markDifferences, rowEquality } from './column-ops.ts'
import type { Schema } from './schema.ts'
import { groupOf } from './series.ts'
import type { RowBlock } from './series-blocks.ts'
import type { MutableCounts } from './series-counts.ts'
import type { KeyRange } from './series-range.ts'
import { BLANK_ROW, MergedRun, NO_ROW, type OldSegment, RevisedRun } from './series-runs.ts'

/** What an edit does to rows that were there and that its input does not bring. */
export interface RemovalRule {
  /** Keys of rows that go (or are blanked) whatever the input brings. */
  readonly range: KeyRange | undefined
  /** Positions of columns that become null in `range`, where rows stay; undefined: rows go. */
  readonly blank: ReadonlySet<number> | undefined
  /** Whether all goes that is between the first and the last row of the input. */
  readonly betweenInput: boolean
  /** Whether the rest of a group goes when the input brings some of it. */
  readonly restOfGroup: boolean
}

/** Where the merge stands with respect to the input. */
export interface MergePlace {
  /** Group of the last row of the input that came before. */
  readonly lastGroup: Uint8Array | undefined
  /** Whether more rows of the input follow those merged now. */
  readonly moreInput: boolean
}

export interface MergeSlices {
  readonly oldFrom: number
  readonly block: RowBlock | undefined
  readonly newFrom: number
  readonly newTo: number
  /** Whether the old rows behind the last new one are taken too, or left for the next block. */
  readonly takeRest: boolean
}

/**
 * Merges rows of an old segment, from `oldFrom` on, with rows of a block. Returns the merged run
 * (undefined when no row is left) and the old row up to which it goes.
 */
export function mergeRows(
  schema: Schema,
  old: OldSegment,
  slices: MergeSlices,
  rule: RemovalRule,
  place: MergePlace,
  counts: MutableCounts,
): { run: MergedRun | RevisedRun | undefined; oldTo: number } {
  const { oldFrom, block, newFrom, newTo, takeRest } = slices
  const { keys } = old
  const revised = revisedRows(schema, old, slices)
  if (revised !== undefined) return { run: revised, oldTo: oldFrom + revised.rows }
  const capacity = keys.length - oldFrom + newTo - newFrom
  const oldRows = new Int32Array(capacity)
  const newRows = new Int32Array(capacity)
  const goneFrom = rule.range?.from === undefined ? 0 : keys.lowerBound(rule.range.from)
  const goneTo =
    rule.range === undefined
      ? 0
      : rule.range.to === undefined
        ? keys.length
        : keys.lowerBound(rule.range.to)
  let count = 0
  let i = oldFrom
  let group = rule.restOfGroup ? place.lastGroup : undefined
  let started = place.lastGroup !== undefined

  const leave = (row: number, inputFollows: boolean): void => {
    if (group !== undefined && !equalBytes(groupOf(schema, keys.at(row)), group)) group = undefined
    const inRange = row >= goneFrom && row < goneTo
    if (
      group !== undefined ||
      (rule.betweenInput && started && inputFollows) ||
      (inRange && rule.blank === undefined)
    ) {
      counts.deleted++
      return
    }
    oldRows[count] = row
    newRows[count++] = inRange ? BLANK_ROW : NO_ROW
  }

  for (let j = newFrom; j < newTo; j++) {
    if (block!.removed === undefined) {
      const most = Math.min(keys.length - i, newTo - j)
      const end = j + keys.equalRun(i, block!.keys, j, most)
      if (end > j) {
        while (j < end) {
          oldRows[count] = i++
          newRows[count++] = j++
        }
        started = true
        if (rule.restOfGroup) group = groupOf(schema, block!.keys.at(end - 1))
        if (end === newTo) break
      }
    }
    let order = -1
    while (i < keys.length) {
      order = keys.compare(i, block!.keys, j)
      if (order >= 0) break
      leave(i++, true)
    }
    const row = i < keys.length && order === 0 ? i++ : NO_ROW
    if (block!.removed?.[j] === 1) {
      if (row !== NO_ROW) counts.deleted++
    } else {
      oldRows[count] = row
      newRows[count++] = j
    }
    started = true
    if (rule.restOfGroup) group = groupOf(schema, block!.keys.at(j))
  }
  if (takeRest) while (i < keys.length) leave(i++, place.moreInput)
  if (count === 0) return { run: undefined, oldTo: i }
  const run = new MergedRun({
    schema,
    old,
    block,
    oldRows: oldRows.subarray(0, count),
    newRows: newRows.subarray(0, count),
    blank: rule.blank,
  })
  return { run, oldTo: i }
}

/** The run where the input has the very rows that come next; undefined where there is anything else. */
function revisedRows(
  schema: Schema,
  old: OldSegment,
  { oldFrom, block, newFrom, newTo, takeRest }: MergeSlices,
): RevisedRun | undefined {
  const rows = newTo - newFrom
  const left = old.keys.length - oldFrom
  if (block === undefined || block.removed !== undefined || rows === 0 || rows > left) return
  if (takeRest && rows < left) return
  if (old.keys.equalRun(oldFrom, block.keys, newFrom, rows) < rows) return
  return new RevisedRun({ schema, old, oldFrom, block, newFrom, rows })
}

/** Compares the rows of a run with what the input brings, as {@link compareMerged} does. */
async function compareRevised(
  { source: { schema, old, oldFrom, block, newFrom, rows } }: RevisedRun,
  counts: MutableCounts,
): Promise<void> {
  const given = block.columns.flatMap((column, i) => (column === undefined ? [] : i))
  await old.loaded.chunkLists(given)
  const marks = new Uint8Array(rows)
  for (let position = schema.indexCount; position < schema.columns.length; position++) {
    const column = block.columns[position]
    if (column === undefined) continue
    const before = await old.loaded.column(position)
    if (markDifferences(before, oldFrom, column, newFrom, marks)) old.changed.add(position)
  }
  let revised = 0
  for (let row = 0; row < rows; row++) revised += marks[row]!
  counts.revised += revised
  counts.unchanged += rows - revised
}

/**
 * Compares the rows of a merged run that were there before with what the input brings: counts the
 * revised and the unchanged, and notes in which columns the segment differs.
 */
export async function compareMerged(
  run: MergedRun | RevisedRun,
  counts: MutableCounts,
): Promise<void> {
  if (run instanceof RevisedRun) return compareRevised(run, counts)
  const { schema, old, block, oldRows, newRows, blank } = run.source
  const revised = new Uint8Array(oldRows.length)
  let met = false
  for (let i = 0; i < oldRows.length && !met; i++) met = oldRows[i]! >= 0 && newRows[i] !== NO_ROW
  if (!met || old === undefined) return
  const given = schema.columns.map((_, i) => i).filter((i) => block?.columns[i] !== undefined)
  await old.loaded.chunkLists([...given, ...(blank ?? [])])
  for (let position = schema.indexCount; position < schema.columns.length; position++) {
    const given = block?.columns[position]
    const blanked = blank?.has(position) === true
    if (given === undefined && !blanked) continue
    const before = await old.loaded.column(position)
    const equal = given === undefined ? undefined : rowEquality(before, given)
    let changed = false
    for (let i = 0; i < oldRows.length; i++) {
      const row = oldRows[i]!
      const fresh = newRows[i]!
      if (row < 0 || fresh === NO_ROW) continue
      const same =
        fresh === BLANK_ROW
          ? !blanked || isNull(before, row)
          : equal === undefined || equal(row, fresh)
      if (same) continue
      revised[i] = 1
      changed = true
    }
    if (changed) old.changed.add(position)
  }
  for (let i = 0; i < oldRows.length; i++) {
    if (oldRows[i]! < 0 || newRows[i] === NO_ROW) continue
    if (revised[i] === 1) counts.revised++
    else if (newRows[i] !== BLANK_ROW) counts.unchanged++
  }
}
