import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { checkSeriesName } from '../core/names.ts'
import { lookupPath, type PathEdit, updatePaths } from '../core/tree.ts'
import type { InputTable } from '../formats/table.ts'
import { readAs } from '../formats/table-formats.ts'
import { type Change, firstChangedPath } from '../plumbing/change.ts'
import {
  type FileStamp,
  hasIndex,
  type IndexState,
  readIndex,
  type SeriesFile,
} from '../plumbing/index-state.ts'
import { type KeptReading, keptReading, sameReading } from '../plumbing/kept-reading.ts'
import type { Repository } from '../plumbing/repository.ts'
import { sameStamp, stampOf, workTreeOf } from '../plumbing/series-files.ts'
import { zoneNameAt } from '../plumbing/series-zone.ts'
import {
  type AddSeriesOptions,
  type BuiltSeries,
  buildFromTable,
  describeReplacement,
} from './add-series.ts'
import { applyChange, type ChangeOptions } from './apply-change.ts'
import { describeChange, generatedMessage, type SeriesChange } from './change-summary.ts'
import { settingsOfNew } from './input-zone.ts'
import { interruptible } from './interruptible.ts'
import { mendFiles } from './show-tree.ts'

/** A table that a series is to be equal to. */
export interface AddedFile {
  readonly series: string
  readonly input: InputTable
  /** The file's path in the work tree when it is the series' own. */
  readonly file?: string | undefined
  /** The file that it is in otherwise: an absolute path, and how it looked before it was read. */
  readonly source?: { readonly file: string; readonly stamp: FileStamp } | undefined
}

export interface AddFilesOptions extends AddSeriesOptions, ChangeOptions {
  readonly onSeries?: ((path: string) => void) | undefined
  /**
   * Whether many tables are staged some hundreds at a time: what is staged stays when a later one
   * fails, and need not be read again. What is committed is always one change.
   */
  readonly inParts?: boolean | undefined
  /** Told how many tables are staged for good, after each part. */
  readonly onStaged?: ((tables: number) => void) | undefined
}

export interface AddFilesResult {
  readonly series: readonly SeriesChange[]
  /** Tables that were not read: they are in files that are as they were when they were added. */
  readonly known: number
  readonly dryRun: boolean
  readonly commit?: Id
}

/** Tables that are staged together, all or none of them. */
const PART_TABLES = 500
/** Bytes of such tables, where there are more than one part has. */
const PART_BYTES = 256 * 1024 * 1024

/**
 * Makes series equal to tables, all of them at once or none; with `inParts` more than 500 tables a
 * part at a time. A table that is the series' own file in the work tree marks the series as having
 * one.
 *
 * `bad-input` with the place where a table cannot be read; `refused` when too many rows would
 * vanish; `schema-mismatch` when what the options say is not so. In parts, `staged` in `data` says
 * how many tables before it are staged.
 */
export async function addFiles(
  repo: Repository,
  files: readonly AddedFile[],
  options: AddFilesOptions = {},
): Promise<AddFilesResult> {
  checkNames(files)
  // What a stopped command left behind is no change that anybody made.
  if (options.dryRun !== true && files.some(({ file }) => file !== undefined)) {
    await mendFiles(repo, { signal: options.signal })
  }
  const { inParts, commit, dryRun = false } = options
  if (inParts !== true || commit !== undefined || dryRun || files.length <= PART_TABLES) {
    return addTogether(repo, files, options)
  }
  const series: SeriesChange[] = []
  let known = 0
  for (const part of partsOf(files)) {
    try {
      const added = await addTogether(repo, part, options)
      for (const change of added.series) series.push(change)
      known += added.known
    } catch (error) {
      throw series.length > 0 && error instanceof VarveError
        ? withStaged(error, series.length)
        : error
    }
    options.onStaged?.(series.length)
  }
  return { series, known, dryRun }
}

function* partsOf(files: readonly AddedFile[]): Generator<AddedFile[]> {
  let part: AddedFile[] = []
  let bytes = 0
  for (const file of files) {
    part.push(file)
    bytes += file.input.bytes ?? 0
    if (part.length < PART_TABLES && bytes < PART_BYTES) continue
    yield part
    part = []
    bytes = 0
  }
  if (part.length > 0) yield part
}

/** Says what is staged although the command fails. */
function withStaged(error: VarveError, staged: number): VarveError {
  const stays = `${staged.toLocaleString('en-US')} files before are staged and stay so`
  // Of an interruption the message says that nothing was changed.
  const message = error.code === 'interrupted' ? 'interrupted' : error.message
  return new VarveError(error.code, message, {
    data: { ...error.data, staged },
    hint: error.hint === undefined ? stays : `${error.hint}; ${stays}`,
    cause: error,
  })
}

async function addTogether(
  repo: Repository,
  files: readonly AddedFile[],
  options: AddFilesOptions,
): Promise<AddFilesResult> {
  const state = hasIndex(repo) ? (await readIndex(repo)).state : undefined
  const known = state?.files ?? new Map<string, SeriesFile>()
  await refuseSecondFiles(repo, files, known)
  const stamps = await stampsOf(repo, files)
  const before = (added: AddedFile): SeriesFile | undefined => {
    const { series, file, source } = added
    const then = (file === undefined ? state?.sources : state?.files)?.get(series)
    return then?.file === (file ?? source?.file) ? then : undefined
  }
  const isAsKnown = (added: AddedFile, id: Id | undefined): boolean => {
    const then = before(added)
    const now = stamps.get(added.series)
    if (then === undefined || now === undefined || then.id !== id || saysMore(options)) return false
    return sameReading(readings.get(added.series), then.reading) && sameStamp(now, then.stamp)
  }
  const built = new Map<string, BuiltSeries>()
  const unread = new Set<string>()
  const readings = new Map<string, KeptReading | undefined>()
  for (const added of files) {
    const { series, file, input } = added
    const remembered = file === undefined ? undefined : before(added)?.reading
    readings.set(series, keptReading(input.reading) ?? remembered)
  }
  const change: Change<SeriesChange[]> = {
    async run(batch, tree) {
      const changes: SeriesChange[] = []
      const edits = new Map<string, PathEdit>()
      for (const added of files) {
        const { series: path, input } = added
        options.onSeries?.(path)
        const entry = await lookupPath(batch, tree, path)
        const old = entry?.kind === 'series' ? entry.id : undefined
        let now = built.get(path)
        if (now === undefined && old !== undefined && isAsKnown(added, old)) {
          now = { id: old, emptyRows: 0 }
          unread.add(path)
        }
        const table = readAs(input, readings.get(path) ?? {})
        // The objects of an earlier run are there: it was published before the race was lost.
        const watched = interruptible(table, options.signal)
        now ??= await buildFromTable(batch, tree, path, watched, options)
        built.set(path, now)
        const zone = now.zone ?? (await zoneNameAt(batch, tree, path))
        changes.push(
          now.id === old
            ? await describeChange(batch, { series: path, old, counts: NOTHING, ...now, zone })
            : await describeReplacement(
                batch,
                path,
                old,
                { ...now, zone },
                {
                  allowDeletes: options.allowDeletes,
                  hint: `varve write ${path} lays the rows over what is there; --allow-deletes makes the series equal to the file`,
                },
              ),
        )
        if (now.id !== old) {
          const settings = await settingsOfNew(batch, now.zone)
          edits.set(path, { kind: 'series', id: now.id, settings })
        }
      }
      if (edits.size === 0) return { tree, result: changes }
      return { tree: await updatePaths(batch, tree, edits), result: changes }
    },
    meets: (reader, before, after) =>
      firstChangedPath(reader, before, after, new Set(files.map(({ series }) => series))),
  }
  const also = (state: IndexState, changes: readonly SeriesChange[]): IndexState => {
    const own = new Map(state.files)
    const sources = new Map(state.sources)
    let isNew = false
    for (const [i, added] of files.entries()) {
      const { series } = added
      const file = added.file ?? added.source?.file
      const stamp = stamps.get(series)
      if (file === undefined || stamp === undefined) continue
      const { id } = changes[i]!
      const next = added.file === undefined ? sources : own
      const then = next.get(series)
      if (then?.id === id && then.file === file && isAsKnown(added, id)) continue
      const reading = readings.get(series)
      next.set(series, { file, id, stamp, ...(reading !== undefined && { reading }) })
      isNew = true
    }
    return isNew ? { ...state, files: own, sources } : state
  }
  const { result, commit } = await applyChange(repo, change, {
    ...options,
    series: new Set(files.flatMap(({ series, file }) => (file === undefined ? [series] : []))),
    message: generatedMessage,
    settles: () => files.map(({ series }) => series),
    also,
  })
  return {
    series: result,
    known: unread.size,
    dryRun: options.dryRun === true,
    ...(commit && { commit }),
  }
}

const NOTHING = { appended: 0, backfilled: 0, revised: 0, deleted: 0 }

/** Whether the options say something that a file which is as it was could be at odds with. */
function saysMore({ index, duplicates, schema, types }: AddFilesOptions): boolean {
  return [index, duplicates, schema, types].some((option) => option !== undefined)
}

function checkNames(files: readonly AddedFile[]): void {
  const seen = new Map<string, string>()
  refuseNames(files)
  for (const { series, input } of files) {
    const other = seen.get(series)
    if (other !== undefined) {
      throw new VarveError('bad-input', `${other} and ${input.name} would both be ${series}`, {
        data: { series, files: [other, input.name] },
        hint: 'keep one of them, or give one another name: varve add FILE --as SERIES',
      })
    }
    seen.set(series, input.name)
  }
}

/** Files that are named one by one in a message. */
const MOST_NAMED = 10

/** `invalid-name` with all files whose names no series can have. */
function refuseNames(files: readonly AddedFile[]): void {
  const bad: { readonly file: string; readonly error: VarveError }[] = []
  for (const { series, input } of files) {
    try {
      checkSeriesName(series)
    } catch (error) {
      if (!hasCode(error, 'invalid-name')) throw error
      bad.push({ file: input.name, error })
    }
  }
  const [first, ...others] = bad
  if (first === undefined) return
  if (others.length === 0) {
    const { code, message, data } = first.error
    throw new VarveError(code, message, {
      data: { ...data, file: first.file },
      hint: `varve add FILE --as SERIES gives ${first.file} another name`,
      cause: first.error,
    })
  }
  const named = bad.slice(0, MOST_NAMED).map(({ file, error }) => `${file} (${error.data.reason})`)
  const more = bad.length - named.length
  throw new VarveError(
    'invalid-name',
    `${bad.length.toLocaleString('en-US')} files have names that no series can have: ${named.join(', ')}` +
      (more > 0 ? `, and ${more.toLocaleString('en-US')} more` : ''),
    {
      data: { files: bad.map(({ file, error }) => ({ file, reason: error.data.reason })) },
      hint: 'nothing was added; varve add FILE --as SERIES gives one another name',
    },
  )
}

/** `refused` where a series has a file already, and it is there. */
async function refuseSecondFiles(
  repo: Repository,
  files: readonly AddedFile[],
  known: IndexState['files'],
): Promise<void> {
  for (const { series, file } of files) {
    const then = known.get(series)
    if (file === undefined || then === undefined || then.file === file) continue
    if ((await workTreeOf(repo).stat(then.file)) === undefined) continue
    throw new VarveError('refused', `${series} has a file already: ${then.file}, not ${file}`, {
      data: { series, files: [then.file, file] },
      hint: `remove ${then.file} first, or varve add ${file} --as another name`,
    })
  }
}

/** How the files look before they are read: what is written meanwhile is seen by the next command. */
async function stampsOf(
  repo: Repository,
  files: readonly AddedFile[],
): Promise<Map<string, FileStamp>> {
  const stamps = new Map<string, FileStamp>()
  for (const { series, file, source } of files) {
    if (source !== undefined) stamps.set(series, source.stamp)
    if (file === undefined) continue
    const stat = await workTreeOf(repo).stat(file)
    if (stat !== undefined) stamps.set(series, stampOf(stat))
  }
  return stamps
}
