import type { Scalar } from '../core/column.ts'
import { readCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import { frameFromRows } from '../core/frame.ts'
import { shortId } from '../core/id.ts'
import type { ColumnsMerge, Versions } from '../core/merge-columns.ts'
import type { MergedGroup, Take } from '../core/merge-group.ts'
import type { MergeConflict } from '../core/merge-trees.ts'
import { formatScalar, type JsonScalar, scalarToJson } from '../core/scalar-text.ts'
import type { Frame, Schema } from '../core/schema.ts'
import type { TreeEntry } from '../core/tree.ts'
import type { Zone } from '../core/zone.ts'
import { formatKey, keyToJson } from '../plumbing/key-text.ts'
import { commitConflicts, type MergeCommitsOptions } from '../plumbing/merge-commits.ts'
import {
  describeMerge,
  type MergeAction,
  type MergeState,
  readMergeState,
} from '../plumbing/merge-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { shownZone } from '../plumbing/series-zone.ts'

/** A conflict as a line of the table of conflicts. */
export interface ListedConflict {
  /** The path; of a collection it ends in `/`. */
  readonly series: string
  readonly kind: MergeConflict['kind']
  /** Index values as text; undefined where it is about no row. */
  readonly key: string | undefined
  readonly keyValues: readonly JsonScalar[] | undefined
  /** Of a cell; of a setting `settings.NAME`. */
  readonly column: string | undefined
  /** What the versions have: a value, a row or rows as JSON; null for none. */
  readonly values: Versions<string | null>
  /** Of a whole series: why it is one. */
  readonly reason: string | undefined
  readonly conflict: MergeConflict
}

/** Which conflict a line is about: what `settled` of the state, and tables of decisions, name. */
export function conflictKey({
  series,
  key,
  column,
}: Pick<ListedConflict, 'series' | 'key' | 'column'>): string {
  return JSON.stringify([series, key ?? null, column ?? null])
}

/** All conflicts of a series but those of its settings, in `settled` of the state. */
export function wholeKey(series: string): string {
  return JSON.stringify([series])
}

/**
 * The conflicts that are left to settle, series by series and in key order. Found anew, so that none
 * has to be stored. `refused` where no merge is going on.
 */
export async function* listConflicts(
  repo: Repository,
  action?: MergeAction,
): AsyncGenerator<ListedConflict> {
  yield* conflictsOf(repo, await currentMerge(repo, action))
}

/** The merge, or the other action like it, that is going on; `refused` where none is. */
export async function currentMerge(
  repo: Repository,
  action: MergeAction = 'merge',
): Promise<MergeState> {
  const state = await readMergeState(repo)
  if (state !== undefined) return state
  const hint =
    action === 'merge'
      ? 'varve merge BRANCH begins one, varve merge --conflicts BRANCH lists what would be in conflict'
      : `varve ${action} COMMIT begins one`
  throw new VarveError('refused', `no ${action} is going on`, { hint })
}

/** The one of this kind that is going on; `refused` where none is, or one of another kind. */
export async function mergeOf(repo: Repository, action: MergeAction): Promise<MergeState> {
  const state = await currentMerge(repo, action)
  if (state.action === action) return state
  throw new VarveError('refused', `no ${action} is going on: it is ${describeMerge(state)}`, {
    data: { action: state.action, merging: state.shown },
    hint: `varve ${state.action} --continue concludes it, varve ${state.action} --abort takes it back`,
  })
}

/** What is said of a merge that was stopped before its result was staged. */
export function interruptedMerge({ action }: Pick<MergeState, 'action'>): VarveError {
  return new VarveError('refused', `varve was stopped in the middle of this ${action}`, {
    hint: `varve ${action} --abort takes it back; then ${action} again`,
  })
}

/** As {@link listConflicts}, of a merge that is known. */
export async function* conflictsOf(
  repo: Repository,
  state: MergeCommitsOptions & Pick<MergeState, 'settled'>,
): AsyncGenerator<ListedConflict> {
  const settled = new Set(state.settled)
  const { tree } = await readCommit(repo.objects, state.ours)
  const zones = new ZoneOfPath((path) => shownZone(repo.objects, tree, path))
  for await (const conflict of commitConflicts(repo, state)) {
    const listed = describeConflict(conflict, await zones.of(conflict.path))
    if (conflict.kind !== 'setting' && settled.has(wholeKey(conflict.path))) continue
    if (!settled.has(conflictKey(listed))) yield listed
  }
}

/** Conflicts come path by path: the zone of the last is known. */
export class ZoneOfPath {
  readonly #find: (path: string) => Promise<Zone | undefined>
  #path: string | undefined
  #zone: Zone | undefined

  constructor(find: (path: string) => Promise<Zone | undefined>) {
    this.#find = find
  }

  async of(path: string): Promise<Zone | undefined> {
    if (path !== this.#path) {
      this.#zone = await this.#find(path)
      this.#path = path
    }
    return this.#zone
  }
}

export function describeConflict(conflict: MergeConflict, zone: Zone | undefined): ListedConflict {
  const { kind, path } = conflict
  const whole = { key: undefined, keyValues: undefined, column: undefined, reason: undefined }
  if (kind === 'series') {
    const { entries, reason } = conflict
    const isTree = entries.ours?.kind === 'tree'
    const values = each((side) => entryText(entries[side]))
    return { ...whole, series: isTree ? `${path}/` : path, kind, values, reason, conflict }
  }
  if (kind === 'setting') {
    const values = each((side) => {
      const value = conflict.values[side]
      return value === undefined ? null : JSON.stringify(value)
    })
    const series = conflict.of === 'tree' ? `${path}/` : path
    return { ...whole, series, kind, column: `settings.${conflict.setting}`, values, conflict }
  }
  const { key, columns, rows } = conflict
  const keyed = {
    series: path,
    kind,
    key: formatKey(columns.schema, key, zone),
    keyValues: keyToJson(columns.schema, key, zone),
    reason: undefined,
    conflict,
  }
  if (conflict.column === undefined) {
    return { ...keyed, column: undefined, values: each((side) => groupText(columns, rows[side])) }
  }
  const at = conflict.column
  const { name, type } = columns.columns[at]!
  const values = each((side) => {
    const value = cellOf(rows[side], at)
    return value === null ? null : formatScalar(value, type)
  })
  return { ...keyed, column: name, values }
}

/** The value of a cell in rows of one key; null where there is no such row. */
export function cellOf(rows: MergedGroup, column: number): Scalar {
  return rows[0]?.[column] ?? null
}

function each<T>(of: (side: Take) => T): Versions<T> {
  return { base: of('base'), ours: of('ours'), theirs: of('theirs') }
}

function entryText(entry: TreeEntry | undefined): string | null {
  if (entry === undefined) return null
  return `${entry.kind === 'tree' ? 'collection' : 'series'} ${shortId(entry.id)}`
}

function groupText({ columns, schema }: ColumnsMerge, rows: MergedGroup): string | null {
  if (rows.length === 0) return null
  const texts = rows.map((row) =>
    Object.fromEntries(
      columns
        .slice(schema.indexCount)
        .map(({ name, type }, i) => [name, scalarToJson(row[schema.indexCount + i]!, type)]),
    ),
  )
  return JSON.stringify(schema.duplicates ? texts : texts[0])
}

/** The table of conflicts: what it says in `take` and `value` settles them, read back. */
export const conflictsCsvSchema: Schema = {
  columns: ['series', 'key', 'column', 'base', 'ours', 'theirs', 'take', 'value'].map((name) => ({
    name,
    type: 'string',
  })),
  indexCount: 1,
  duplicates: true,
}

const BATCH_ROWS = 1024

/** Conflicts as frames of {@link conflictsCsvSchema}, with nothing decided. */
export async function* conflictFrames(
  conflicts: AsyncIterable<ListedConflict>,
): AsyncGenerator<Frame> {
  let rows: Scalar[][] = []
  for await (const { series, key, column, values } of conflicts) {
    const { base, ours, theirs } = values
    rows.push([series, key ?? null, column ?? null, base, ours, theirs, null, null])
    if (rows.length < BATCH_ROWS) continue
    yield frameFromRows(conflictsCsvSchema, rows)
    rows = []
  }
  if (rows.length > 0) yield frameFromRows(conflictsCsvSchema, rows)
}
