import type { Scalar } from '../core/column.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { encodeKeyPrefix } from '../core/key-encode.ts'
import type { RowConflict, Take } from '../core/merge-group.ts'
import { type MergeRow, patchFrame } from '../core/merge-series.ts'
import type { MergeConflict } from '../core/merge-trees.ts'
import type { ObjectWriter } from '../core/objects.ts'
import { parseScalar } from '../core/scalar-text.ts'
import type { Schema } from '../core/schema.ts'
import { readSeries } from '../core/series.ts'
import type { PatchFrame } from '../core/series-blocks.ts'
import { editSeries } from '../core/series-edit.ts'
import { GroupReader } from '../core/series-groups.ts'
import { type Json, NO_SETTINGS, readSettings, writeSettings } from '../core/settings.ts'
import { lookupPath, type PathEdit, updatePaths } from '../core/tree.ts'
import { firstChangedPath } from '../plumbing/change.ts'
import { lastPart } from '../plumbing/follow-up.ts'
import { type MergeAction, type SeriesConflicts, writeMergeState } from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { applyChange } from './apply-change.ts'
import {
  conflictKey,
  conflictsOf,
  currentMerge,
  interruptedMerge,
  type ListedConflict,
} from './merge-conflicts.ts'
import type { Decision, PlacedDecision } from './merge-decisions.ts'

export interface ResolveMergeOptions {
  /** What is going on if anything is, for who is told that nothing is. */
  readonly action?: MergeAction | undefined
  /** A version for all conflicts, or decisions by `conflictKey`. */
  readonly by: Take | ReadonlyMap<string, PlacedDecision>
  /** Only of these series, and of collections for all that is in them; all unless given. */
  readonly series?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ResolveMergeResult {
  /** How many conflicts were settled now. */
  readonly settled: number
  /** Where conflicts are left. */
  readonly left: readonly SeriesConflicts[]
}

/**
 * Settles conflicts of the merge that is going on: what is decided is staged. `refused` where none is,
 * and where a file of a series was changed by hand; `bad-input` for a decision that is about no
 * conflict; `series-not-found` for a series without one.
 */
export async function resolveMerge(
  repo: Repository,
  options: ResolveMergeOptions,
): Promise<ResolveMergeResult> {
  const state = await currentMerge(repo, options.action)
  if (!state.staged) throw interruptedMerge(state)
  const { by, signal } = options
  const wanted = wantedPaths(state.paths, options.series)
  const selected = async function* (): AsyncGenerator<Decided> {
    for await (const listed of conflictsOf(repo, state)) {
      const { path } = listed.conflict
      if (!wanted(path)) continue
      const placed = typeof by === 'string' ? undefined : by.get(conflictKey(listed))
      if (placed !== undefined) refuseStale(listed, placed)
      const decision = typeof by === 'string' ? { take: by } : placed?.decision
      if (decision !== undefined) yield { listed, decision, place: placed?.place }
    }
  }
  const paths = new Set(state.paths.map(({ series }) => series).filter(wanted))
  const applied = await applyChange(
    repo,
    {
      async run(batch, tree) {
        const settled: string[] = []
        const noted = async function* (): AsyncGenerator<Decided> {
          for await (const decided of selected()) {
            settled.push(conflictKey(decided.listed))
            yield decided
          }
        }
        const edits = await decidedEdits(batch, tree, noted())
        if (typeof by !== 'string') refuseUnknown(by, new Set(settled))
        return { tree: await updatePaths(batch, tree, edits, { replace: true }), result: settled }
      },
      meets: (reader, before, after) => firstChangedPath(reader, before, after, paths),
    },
    { series: paths, signal, message: () => '' },
  )
  const settled = [...state.settled, ...applied.result]
  const left = new Map<string, number>()
  for await (const { conflict } of conflictsOf(repo, { ...state, settled })) {
    left.set(conflict.path, (left.get(conflict.path) ?? 0) + 1)
  }
  const rest = [...left].map(([series, conflicts]) => ({ series, conflicts }))
  await lastPart('what is noted of the merge', () =>
    writeMergeState(repo, { ...state, settled, paths: rest }),
  )
  return { settled: applied.result.length, left: rest }
}

interface Decided {
  readonly listed: ListedConflict
  readonly decision: Decision
  readonly place: string | undefined
}

function wantedPaths(
  paths: readonly SeriesConflicts[],
  series: readonly string[] | undefined,
): (path: string) => boolean {
  if (series === undefined || series.length === 0) return () => true
  const names = series.map((name) => name.replace(/\/$/, ''))
  const isIn = (path: string, name: string) =>
    name === '.' || path === name || path.startsWith(`${name}/`)
  for (const [i, name] of names.entries()) {
    if (paths.some((left) => isIn(left.series, name))) continue
    throw new VarveError('series-not-found', `${series[i]} has no conflicts that are left`, {
      data: { series: series[i], conflicts: paths },
      hint: 'with --conflicts they are listed',
    })
  }
  return (path) => names.some((name) => isIn(path, name))
}

/** `bad-input` where a table shows other versions than the conflict has now: it was made for another merge. */
function refuseStale({ values }: ListedConflict, { place, seen }: PlacedDecision): void {
  for (const [side, was] of seen) {
    const is = values[side]
    if (was === is) continue
    const now = is === null ? 'nothing' : JSON.stringify(is)
    const message = `${place}: ${side} is ${now}, and ${JSON.stringify(was)} in the table`
    throw new VarveError('bad-input', message, {
      data: { place, version: side, found: was, expected: is },
      hint: 'the table is of another merge: --conflicts --csv makes one of this',
    })
  }
}

function refuseUnknown(
  decisions: ReadonlyMap<string, PlacedDecision>,
  settled: ReadonlySet<string>,
): void {
  for (const [key, { place }] of decisions) {
    if (settled.has(key)) continue
    const [series, row, column] = JSON.parse(key) as (string | null)[]
    const what = [series, row, column].filter((part) => part !== null).join(' ')
    throw new VarveError('bad-input', `${place}: no conflict is left at ${what}`, {
      data: { place, series, key: row, column },
      hint: 'with --conflicts they are listed that are',
    })
  }
}

/** Edits of a tree that put what is decided into it. */
async function decidedEdits(
  writer: ObjectWriter,
  tree: Id,
  decisions: AsyncGenerator<Decided>,
): Promise<Map<string, PathEdit | undefined>> {
  const edits = new Map<string, PathEdit | undefined>()
  let next = await decisions.next()
  while (!next.done) {
    const { conflict } = next.value.listed
    const { path } = conflict
    if (conflict.kind === 'series' || conflict.kind === 'setting') {
      if (conflict.kind === 'series') {
        const edit = wholeEdit(conflict, next.value)
        edits.set(path, edit && { ...edits.get(path), ...edit })
      } else await setSetting(writer, tree, edits, conflict, next.value)
      next = await decisions.next()
      continue
    }
    const entry = await lookupPath(writer, tree, path)
    if (entry?.kind !== 'series') {
      throw new VarveError('series-not-found', `${path} is not in the index any more`, {
        data: { series: path },
      })
    }
    const { schema } = conflict.columns
    let head: IteratorResult<Decided> = next
    const ofPath = async function* (): AsyncGenerator<Decided & { conflict: RowConflict }> {
      while (!head.done) {
        const { conflict } = head.value.listed
        if (conflict.path !== path || conflict.kind === 'series' || conflict.kind === 'setting') {
          return
        }
        yield { ...head.value, conflict }
        head = await decisions.next()
      }
    }
    const staged = new GroupReader(writer, await readSeries(writer, entry.id))
    const frames = decidedFrames(schema, ofPath(), staged)
    const { id } = await editSeries(writer, entry.id, { mode: 'upsert', frames })
    const before = edits.get(path)
    edits.set(path, { ...before, kind: 'series', id })
    next = head
  }
  return edits
}

function wholeEdit(
  { entries, path }: Extract<MergeConflict, { kind: 'series' }>,
  { decision, place }: Decided,
): PathEdit | undefined {
  const entry = entries[takeOf(decision, place, `${path} as a whole`)]
  if (entry === undefined) return undefined
  const { kind, id, settings = null } = entry
  // Where both sides have the series, its settings were merged by themselves.
  const isMerged = entries.ours?.kind === 'series' && entries.theirs?.kind === 'series'
  return isMerged && kind === 'series' ? { kind, id } : { kind, id, settings }
}

async function setSetting(
  writer: ObjectWriter,
  tree: Id,
  edits: Map<string, PathEdit | undefined>,
  { path, setting, values }: Extract<MergeConflict, { kind: 'setting' }>,
  { decision, place }: Decided,
): Promise<void> {
  const value = values[takeOf(decision, place, `the setting ${setting}`)]
  const edit = edits.get(path)
  const id = edit === undefined ? (await lookupPath(writer, tree, path))?.settings : edit.settings
  const settings = new Map<string, Json>(
    id === undefined || id === null ? NO_SETTINGS : await readSettings(writer, id),
  )
  if (value === undefined) settings.delete(setting)
  else settings.set(setting, value)
  edits.set(path, { ...edit, settings: (await writeSettings(writer, settings)) ?? null })
}

/** The version that a decision names: what is no cell has no value to put in its place. */
function takeOf(decision: Decision, place: string | undefined, what: string): Take {
  if ('take' in decision) return decision.take
  throw new VarveError('bad-input', `${place}: ${what} takes a version, not a value`, {
    data: { place, expected: ['base', 'ours', 'theirs'] },
    hint: 'take is base, ours or theirs there; null and values are for single cells: varve add FILE says rows of your own',
  })
}

const BATCH_ROWS = 2048

/**
 * What is decided about rows, as frames of the columns that it is about. Cells of a row that was
 * deleted in the meantime have no place any more.
 */
async function* decidedFrames(
  schema: Schema,
  decisions: AsyncIterable<Decided & { readonly conflict: RowConflict }>,
  staged: GroupReader,
): AsyncGenerator<PatchFrame> {
  const indexTypes = schema.columns.slice(0, schema.indexCount).map(({ type }) => type)
  let key: string | undefined
  let batch: { readonly schema: Schema; readonly columns: string; rows: MergeRow[] } | undefined
  let cells = new Map<number, Scalar>()
  let index: readonly Scalar[] = []
  let isThere = false
  /** Adds rows; the batch that is full, or of other columns, comes back. */
  const add = (positions: readonly number[], rows: readonly MergeRow[]): PatchFrame | undefined => {
    const columns = positions.join()
    let full: PatchFrame | undefined
    if (batch !== undefined && (batch.columns !== columns || batch.rows.length >= BATCH_ROWS)) {
      full = patchFrame(batch.schema, batch.rows)
      batch = undefined
    }
    const specs = positions.map((position) => schema.columns[position]!)
    batch ??= { schema: { ...schema, columns: specs }, columns, rows: [] }
    batch.rows.push(...rows)
    return full
  }
  const all = schema.columns.map((_, i) => i)
  const flushCells = (): PatchFrame | undefined => {
    if (cells.size === 0) return undefined
    const positions = [...all.slice(0, schema.indexCount), ...cells.keys()]
    const full = add(positions, [{ row: [...index, ...cells.values()], removed: false }])
    cells = new Map()
    return full
  }
  for await (const { conflict, listed, decision, place } of decisions) {
    if (listed.key !== key) {
      const full = flushCells()
      if (full !== undefined) yield full
      key = listed.key
      index = conflict.key
      isThere = (await staged.count(encodeKeyPrefix(indexTypes, index))) > 0
    }
    if (conflict.column !== undefined) {
      const value = cellValue(schema, conflict, decision, place)
      if (isThere) cells.set(conflict.column, value)
      continue
    }
    const rows = conflict.rows[takeOf(decision, place, `the row ${key}`)]
    const full = add(
      all,
      rows.length === 0
        ? [{ row: conflict.key, removed: true }]
        : rows.map((row) => ({ row, removed: false })),
    )
    if (full !== undefined) yield full
  }
  const full = flushCells()
  if (full !== undefined) yield full
  if (batch !== undefined) yield patchFrame(batch.schema, batch.rows)
}

function cellValue(
  schema: Schema,
  { rows, column }: RowConflict,
  decision: Decision,
  place: string | undefined,
): Scalar {
  if ('take' in decision) return rows[decision.take][0]?.[column!] ?? null
  if (decision.value === null) return null
  const { name, type } = schema.columns[column!]!
  try {
    return parseScalar(decision.value, type)
  } catch (cause) {
    if (!(cause instanceof VarveError)) throw cause
    const found = JSON.stringify(decision.value)
    throw new VarveError('bad-input', `${place}: ${found} is no ${type}, which ${name} is`, {
      data: { place, column: name, found: decision.value, expected: type },
      cause,
    })
  }
}
