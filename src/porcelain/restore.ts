import { type BoundTexts, boundsFor } from '../core/bounds.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import type { ObjectWriter } from '../core/objects.ts'
import { readSeries } from '../core/series.ts'
import { buildSeries } from '../core/series-build.ts'
import { restoreRange } from '../core/series-restore.ts'
import { lookupPath, type PathEdit, updatePaths } from '../core/tree.ts'
import type { Zone } from '../core/zone.ts'
import { type Change, firstChangedPath } from '../plumbing/change.ts'
import { followUp } from '../plumbing/follow-up.ts'
import { headState } from '../plumbing/head.ts'
import { fileForSeries, hasIndex, readIndex, treeOf } from '../plumbing/index-state.ts'
import { applyFilePlan, planRefresh, refuseFilesInTheWay } from '../plumbing/refresh-files.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolveTree } from '../plumbing/resolve-revision.ts'
import { type ShownSeries, workTreeOf } from '../plumbing/series-files.ts'
import { zoneAt } from '../plumbing/series-zone.ts'
import { applyChange, type ChangeOptions } from './apply-change.ts'
import { discardedIndex, indexToReplace } from './move-head.ts'
import { seriesIn } from './revisions-and-series.ts'
import { selectSeries } from './select-series.ts'
import { type FilesOptions, type IndexFiles, putFiles } from './show-tree.ts'
import { logRestore, type UnstageOptions, unstage } from './unstage.ts'

export interface RestoreOptions
  extends Omit<FilesOptions, 'filesLimit'>,
    ChangeOptions,
    UnstageOptions,
    BoundTexts {
  /** Put the index back, and leave the files. */
  readonly staged?: boolean | undefined
  /** With `staged`: put the files back too. */
  readonly worktree?: boolean | undefined
  /** With `source`: only these value columns; the bounds narrow it to some rows. */
  readonly columns?: readonly string[] | undefined
}

export interface RestoreResult {
  /** Series that are as they were now, in the index. */
  readonly index: readonly string[]
  /** Series whose files were written or removed. */
  readonly files: readonly string[]
  /** Series of collections that were named, and have no file. */
  readonly withoutFile: readonly string[]
  /** The commit made, when the change was committed. */
  readonly commit?: Id
}

/**
 * Puts series back: their files as the index has them, also of one that is named and has none yet; with `staged` the index as HEAD, or
 * `source`, has it; with `source` alone index and files as that revision has them, whole or some
 * rows and columns. What the index held is remembered in the log, for `undo`.
 *
 * What was changed by hand in files is lost where files are put back from the index; with `source`
 * it is `refused`.
 */
export async function restore(repo: Repository, options: RestoreOptions): Promise<RestoreResult> {
  const { staged = false, worktree = false, source } = options
  if (isPart(options) && (source === undefined || staged)) {
    throw new VarveError('usage', 'a part of a series is put back from a revision', {
      hint: 'varve restore --source REV SERIES --from … --to … --columns …',
    })
  }
  if (source === undefined || staged) workTreeOf(repo)
  if (staged) {
    const { files } = await indexToReplace(repo)
    const { series, changed, back, source: tree } = await unstage(repo, options)
    const result = { index: changed, files: [], withoutFile: [] }
    return worktree
      ? { ...(await restoreFiles(repo, files, series, options, back, tree)), index: changed }
      : result
  }
  if (source !== undefined) return restoreFrom(repo, source, options)
  const { files, tree } = (await readIndex(repo)).state
  const series = await selectSeries(repo, [tree], options.series, 'the index').catch(
    async (error: unknown) => {
      throw (await unstagedFirst(repo, error)) ?? error
    },
  )
  const back = await namedWithoutFile(repo, tree, files, options)
  return restoreFiles(repo, files, series, options, back)
}

/** Where a name that the index lacks is one that HEAD has: the error with what puts it back. */
async function unstagedFirst(repo: Repository, error: unknown): Promise<VarveError | undefined> {
  if (!hasCode(error, 'series-not-found')) return undefined
  const name = String(error.data.series)
  const head = await treeOf(repo.objects, (await headState(repo)).id)
  const found = await seriesIn(repo, [head], name)
  if (found === undefined) return undefined
  return new VarveError(error.code, error.message, {
    data: error.data,
    hint: `HEAD has it: varve restore --staged --worktree ${found}`,
  })
}

/**
 * Series that are named one by one and have no file: they get one. `refused` where there is another
 * file in its place.
 */
async function namedWithoutFile(
  repo: Repository,
  tree: Id,
  files: IndexFiles,
  { series, signal }: RestoreOptions,
): Promise<ReadonlySet<string>> {
  const named = new Map<string, ShownSeries & { readonly path: string }>()
  for (const word of series) {
    const path = word === '.' ? undefined : await seriesIn(repo, [tree], word)
    const entry = path && !files.has(path) ? await lookupPath(repo.objects, tree, path) : undefined
    if (path === undefined || entry?.kind !== 'series') continue
    named.set(path, { path, id: entry.id, file: await fileForSeries(repo, path) })
  }
  await refuseFilesInTheWay(repo, tree, named.values(), signal)
  return new Set(named.keys())
}

function isPart({ from, to, at, columns }: RestoreOptions): boolean {
  return [from, to, at, columns].some((one) => one !== undefined)
}

/**
 * Makes files show the index; those of series that it does not hold go. Of series without a file
 * those in `materialise` get one.
 */
async function restoreFiles(
  repo: Repository,
  files: IndexFiles,
  only: ReadonlySet<string>,
  options: RestoreOptions,
  materialise?: ReadonlySet<string>,
  tree?: Id,
): Promise<RestoreResult> {
  tree ??= (await readIndex(repo)).state.tree
  const { signal } = options
  const plan = await planRefresh(repo, { files, tree, only, materialise, force: true, signal })
  if (options.dryRun !== true) {
    await putFiles(repo, plan, await applyFilePlan(repo, files, plan, options))
  }
  return {
    index: [],
    files: [...plan.write.keys(), ...plan.remove],
    withoutFile: [...only].filter((path) => !files.has(path) && !plan.write.has(path)),
  }
}

async function restoreFrom(
  repo: Repository,
  revision: string,
  options: RestoreOptions,
): Promise<RestoreResult> {
  const source = await resolveTree(repo, revision, { now: options.now })
  const paths = await selectSeries(repo, [source], options.series, revision)
  const change: Change<Restored> = {
    async run(batch, tree) {
      const edits = new Map<string, PathEdit>()
      const back = new Map<string, ShownSeries>()
      for (const path of paths) {
        const old = await lookupPath(batch, tree, path)
        const entry = (await lookupPath(batch, source, path))!
        const oldId = old?.kind === 'series' ? old.id : undefined
        const id = await restored(batch, oldId, entry.id, options, await zoneAt(batch, tree, path))
        // A part of a series says nothing of its settings.
        const settings = oldId !== undefined && isPart(options) ? old?.settings : entry.settings
        if (oldId === undefined) back.set(path, { id, file: await fileForSeries(repo, path) })
        if (id === oldId && settings === old?.settings) continue
        edits.set(path, { kind: 'series', id, settings: settings ?? null })
      }
      if (hasIndex(repo) && options.force !== true) {
        const shown = [...back].map(([path, series]) => ({ path, ...series }))
        await refuseFilesInTheWay(repo, tree, shown, options.signal)
      }
      const next = edits.size === 0 ? tree : await updatePaths(batch, tree, edits)
      return { tree: next, result: { changed: [...edits.keys()], back } }
    },
    meets: (reader, before, after) => firstChangedPath(reader, before, after, paths),
  }
  const staging = options.commit === undefined && hasIndex(repo)
  const discarded = staging ? await discardedIndex(repo, (await readIndex(repo)).state) : undefined
  const { result, changed, commit } = await applyChange(repo, change, {
    ...options,
    series: paths,
    ...(!isPart(options) && { settles: () => paths }),
    shown: ({ back }) => new Map([...back].map(([path, { file }]) => [path, file])),
    message: () => `restore ${options.series.join(' ')} from ${revision}\n`,
  })
  const done = { index: result.changed, ...(commit !== undefined && { commit }) }
  if (!hasIndex(repo)) return { ...done, files: [], withoutFile: [] }
  if (!options.dryRun && changed && discarded !== undefined) {
    await followUp(() => logRestore(repo, options, discarded))
  }
  const { files } = (await readIndex(repo)).state
  return {
    ...done,
    files: result.changed.filter((path) => files.has(path)),
    withoutFile: [...paths].filter((path) => !files.has(path)),
  }
}

interface Restored {
  readonly changed: readonly string[]
  /** Series that were not there any more. */
  readonly back: ReadonlyMap<string, ShownSeries>
}

/** A series as it was, or with a part of it as it was. */
async function restored(
  writer: ObjectWriter,
  id: Id | undefined,
  sourceId: Id,
  options: RestoreOptions,
  zone: Zone | undefined,
): Promise<Id> {
  if (!isPart(options)) return sourceId
  const source = await readSeries(writer, sourceId)
  const onto = id ?? (await buildSeries(writer, source.schema, [])).id
  const { schema } = await readSeries(writer, onto)
  const { columns } = options
  const range = { ...boundsFor(schema, options, zone), columns }
  return (await restoreRange(writer, onto, sourceId, range)).id
}
