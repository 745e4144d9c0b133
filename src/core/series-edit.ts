import type { KeyBound } from './bounds.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import type { ObjectWriter } from './objects.ts'
import { lastKeyBytes, readSeries, type Series, type SeriesResult, writeSeries } from './series.ts'
import type { Frames } from './series-blocks.ts'
import { type ChangeCounts, isChange } from './series-counts.ts'
import { SeriesEditor } from './series-editor.ts'
import { EditInput } from './series-input.ts'
import type { RemovalRule } from './series-merge.ts'
import {
  ALL_KEYS,
  afterPrefix,
  isAfter,
  isBefore,
  type KeyRange,
  keyRange,
} from './series-range.ts'
import { SPLIT_LIMITS, type SplitLimits } from './split.ts'
import type { Zone } from './zone.ts'

export { type ChangeCounts, formatCounts, isChange } from './series-counts.ts'
export { type KeyRange, keyRange } from './series-range.ts'
export { rangesIntersect } from './series-touched.ts'

/**
 * What to do to a series. Frames come in key order, with unique keys unless duplicates are allowed.
 * A frame may lack value columns: rows that were there keep theirs, new rows have null.
 */
export type SeriesEdit =
  /**
   * Rows with the same key are replaced (a group of duplicates as a whole), others added; where a
   * frame marks rows as removed, those of their keys go.
   */
  | { readonly mode: 'upsert'; readonly frames: Frames }
  /**
   * `refused` unless every key is past the end; where duplicates are allowed, rows with the last
   * key join its group. The error shows times in `zone`, or in UTC.
   */
  | { readonly mode: 'append'; readonly frames: Frames; readonly zone?: Zone | undefined }
  /** Replaces all rows between the input's first and last key. */
  | { readonly mode: 'replace-range'; readonly frames: Frames }
  /**
   * Replaces all rows between the bounds, by default all there are. With `columns`, rows stay and
   * only these columns are replaced: null where the input has no such row.
   */
  | {
      readonly mode: 'replace'
      readonly frames: Frames
      readonly from?: KeyBound | undefined
      readonly to?: KeyBound | undefined
      readonly columns?: readonly string[] | undefined
    }
  /** Removes all rows between the bounds. */
  | {
      readonly mode: 'delete'
      readonly from?: KeyBound | undefined
      readonly to?: KeyBound | undefined
    }

export interface EditResult extends SeriesResult {
  readonly counts: ChangeCounts
  /**
   * The keys that were written or removed, changed or not, as ascending ranges: what another edit
   * must not touch for the two to be made in either order. Worked out when asked for.
   */
  readonly touched: readonly KeyRange[]
}

/**
 * Edits a series; the result is what building it from its rows would give. Reads and stores only
 * the segments that are touched, those that are joined with them, and the tree nodes above; in a
 * segment whose keys stay, only the columns whose values change. Holds a few segments and a frame
 * in memory. The same id comes back when nothing changed.
 */
export async function editSeries(
  writer: ObjectWriter,
  id: Id,
  edit: SeriesEdit,
  limits: SplitLimits = SPLIT_LIMITS,
): Promise<EditResult> {
  const series = await readSeries(writer, id)
  const { schema } = series
  const frames = edit.mode === 'delete' ? [] : edit.frames
  const eachKey = edit.mode === 'upsert' || edit.mode === 'append'
  const after = edit.mode === 'append' ? lastKeyBytes(series) : undefined
  const zone = edit.mode === 'append' ? edit.zone : undefined
  const input = new EditInput(schema, frames, eachKey, { after, zone })
  const rule = removalRule(series, edit)
  const editor = new SeriesEditor(writer, series, input, rule, limits)
  const root = await editor.run()
  checkWithin(input, rule)
  const { counts } = editor
  const { id: edited, rows } = isChange(counts)
    ? await writeSeries(writer, schema, root, id)
    : { id, rows: series.rows }
  let touched: readonly KeyRange[] | undefined
  return {
    id: edited,
    rows,
    counts,
    get touched() {
      touched ??= touchedKeys(edit, input, rule)
      return touched
    },
  }
}

function removalRule({ schema }: Series, edit: SeriesEdit): RemovalRule {
  const { mode } = edit
  const bounded = mode === 'replace' || mode === 'delete'
  const names = mode === 'replace' ? edit.columns : undefined
  return {
    range: bounded ? keyRange(edit) : undefined,
    blank: names && new Set(names.map((name) => valueColumn(schema, name))),
    betweenInput: mode === 'replace-range',
    restOfGroup: schema.duplicates && mode !== 'append' && names === undefined,
  }
}

/** The position of a value column; `column-not-found` or `bad-input` where it is none. */
export function valueColumn(schema: Series['schema'], name: string): number {
  const position = schema.columns.findIndex((column) => column.name === name)
  if (position < 0) {
    throw new VarveError('column-not-found', `there is no column ${JSON.stringify(name)}`, {
      data: { column: name, columns: schema.columns.map((column) => column.name) },
    })
  }
  if (position < schema.indexCount) {
    throw new VarveError('bad-input', `${JSON.stringify(name)} is an index column`, {
      data: { column: name },
    })
  }
  return position
}

function checkWithin({ firstGroup, lastGroup }: EditInput, { range }: RemovalRule): void {
  if (range === undefined || firstGroup === undefined || lastGroup === undefined) return
  if (isBefore(range, firstGroup) || isAfter(range, lastGroup)) {
    throw new VarveError('bad-input', 'rows lie outside the range that they are to replace')
  }
}

function touchedKeys(edit: SeriesEdit, input: EditInput, rule: RemovalRule): readonly KeyRange[] {
  const { firstGroup, lastGroup, touched } = input
  if (edit.mode === 'replace-range' && firstGroup !== undefined && lastGroup !== undefined) {
    return [{ from: firstGroup, to: afterPrefix(lastGroup) }]
  }
  if (rule.range === undefined || (edit.mode !== 'replace' && edit.mode !== 'delete')) {
    return touched.ranges()
  }
  return edit.from === undefined && edit.to === undefined ? [ALL_KEYS] : [rule.range]
}
