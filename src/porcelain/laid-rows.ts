import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { escapeControl } from '../core/names.ts'
import type { ObjectReader, ObjectWriter } from '../core/objects.ts'
import type { Schema } from '../core/schema.ts'
import { readSeries, type Series } from '../core/series.ts'
import type { Frames } from '../core/series-blocks.ts'
import { buildSeries } from '../core/series-build.ts'
import { diffStat, type SchemaChange } from '../core/series-diff.ts'
import { editSeries } from '../core/series-edit.ts'
import { readRows } from '../core/series-read.ts'
import { addColumn, widenColumn } from '../core/series-schema.ts'
import type { Zone } from '../core/zone.ts'
import type { SourceFrame } from '../formats/source-frame.ts'
import type { Edited } from './edit-change.ts'
import { type InputRows, noRows } from './read-input.ts'

export const writeModes = ['upsert', 'replace-range', 'append', 'replace'] as const
/**
 * How rows are laid over a series: replacing those with the same key; all between the first and the
 * last key; none, for every key must be past the end; or all there are.
 */
export type WriteMode = (typeof writeModes)[number]

/** Rows to be laid over a series that is there. */
export interface LaidRows {
  /** Columns that the series is to get, or to get a type. */
  readonly newColumns: Schema['columns']
  /** In the order of their keys; `batch` has what is stored where the series will be. */
  frames(batch: ObjectReader): Promise<Frames>
  /** Rows left out because all their cells were empty; asked when the frames have ended. */
  emptyRows(): number
  /** Where the row with the first key stands in the input, where that is known; asked when frames were taken. */
  first(): RowPlace | undefined
  /** Lets go of what the frames are read from, also where they were not read to their end. */
  discard(): Promise<void>
}

interface RowPlace {
  readonly file: string
  readonly line: number
}

/** The input, set aside as a series of its own so that it can be laid over again. */
export interface SpooledRows extends LaidRows {
  readonly id: Id
  /** Whether it is all that the series is to hold, stored where the series will be. */
  readonly whole: boolean
  /** The zone that a new series gets as its setting. */
  readonly zone?: string | undefined
}

type SpoolOptions = Pick<SpooledRows, 'newColumns' | 'whole' | 'zone'>

/** Sets rows aside and lets go of them; `bad-input` where there are none. */
export async function spool(
  writer: ObjectWriter,
  schema: Schema,
  input: InputRows,
  options: SpoolOptions,
): Promise<SpooledRows> {
  try {
    const spooled = await spoolFrames(writer, schema, input.frames(), options)
    if (spooled.first() === undefined && (await readSeries(writer, spooled.id)).rows === 0) {
      throw noRows(input.table)
    }
    const emptyRows = input.emptyRows()
    return { ...spooled, emptyRows: () => emptyRows }
  } finally {
    await input.discard()
  }
}

/** Sets frames in the order of their keys aside as a series. */
export async function spoolFrames(
  writer: ObjectWriter,
  schema: Schema,
  given: AsyncIterable<SourceFrame>,
  options: SpoolOptions,
): Promise<SpooledRows> {
  const { frames, first } = watched(given)
  const { id } = await buildSeries(writer, schema, frames)
  return {
    id,
    ...options,
    // Of a batch that is over, what it stored is in the store.
    frames: async (batch) => {
      const reader = options.whole ? batch : writer
      return readRows(reader, await readSeries(reader, id))
    },
    emptyRows: () => 0,
    first,
    discard: async () => undefined,
  }
}

/** Rows as they come from an input that can be opened again, where nothing need be set aside. */
export function rowsAtHand(open: () => Promise<InputRows>): LaidRows {
  let input: InputRows | undefined
  let first: LaidRows['first'] = () => undefined
  return {
    newColumns: [],
    frames: async () => {
      input = await open()
      const seen = watched(input.frames())
      first = seen.first
      return seen.frames
    },
    emptyRows: () => input?.emptyRows() ?? 0,
    first: () => first(),
    discard: async () => input?.discard(),
  }
}

/** The same frames, and where the first of their rows stands. */
function watched(frames: AsyncIterable<SourceFrame>) {
  let first: RowPlace | undefined
  return {
    first: () => first,
    frames: (async function* () {
      for await (const frame of frames) {
        if (first === undefined && frame.source !== undefined && frame.source.rows !== true) {
          const { file, lines } = frame.source
          if (lines[0]) first = { file, line: lines[0] }
        }
        yield frame
      }
    })(),
  }
}

/** What becomes of a series in whose place the rows stand. */
export async function replaced(
  batch: ObjectReader,
  old: Id | undefined,
  { id, emptyRows, zone }: SpooledRows,
): Promise<Edited> {
  const { schemaChanges, ...counts } = await diffStat(batch, old, id)
  return { id, counts, touched: 'all', schemaChanges, emptyRows: emptyRows(), zone }
}

/** Lays rows over a series; errors about keys show times in `zone`, or in UTC. */
export async function laidOver(
  batch: ObjectWriter,
  series: Series & { readonly id: Id },
  rows: LaidRows,
  { mode, zone }: { readonly mode: WriteMode; readonly zone?: Zone | undefined },
): Promise<Edited> {
  const schemaChanges: SchemaChange[] = []
  let { id } = series
  for (const column of rows.newColumns) {
    const there = series.schema.columns.find(({ name }) => name === column.name)
    if (there === undefined) {
      ;({ id } = await addColumn(batch, id, column))
      schemaChanges.push({ kind: 'added', column })
    } else if (there.type !== column.type) {
      ;({ id } = await widenColumn(batch, id, column.name, column.type))
      schemaChanges.push({ kind: 'retyped', name: column.name, from: there.type, to: column.type })
    }
  }
  try {
    const frames = await rows.frames(batch)
    const edited = await withPlace(rows, () => editSeries(batch, id, { mode, frames, zone }))
    return {
      id: edited.id,
      counts: edited.counts,
      get touched() {
        return edited.touched
      },
      schemaChanges,
      emptyRows: rows.emptyRows(),
    }
  } finally {
    await rows.discard()
  }
}

/** Says where the row stands that an append cannot take, which is always the first. */
async function withPlace<R>(rows: LaidRows, edit: () => Promise<R>): Promise<R> {
  try {
    return await edit()
  } catch (error) {
    const first = rows.first()
    if (first === undefined || !hasCode(error, 'refused') || error.data.key === undefined) {
      throw error
    }
    const { file, line } = first
    throw new VarveError('refused', `${escapeControl(file)}:${line}:1: ${error.message}`, {
      data: { ...error.data, file, line, column: 1 },
      ...(error.hint !== undefined && { hint: error.hint }),
      cause: error,
    })
  }
}
