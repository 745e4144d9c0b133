import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { checkCollectionName, checkSeriesName } from '../core/names.ts'
import type { ObjectReader } from '../core/objects.ts'
import { lookupPath, type PathEdit, type TreeEntry, updatePaths, walkTree } from '../core/tree.ts'
import { type Applied, firstChangedPath } from '../plumbing/change.ts'
import { fileLike } from '../plumbing/file-names.ts'
import { type IndexState, readIndex } from '../plumbing/index-state.ts'
import { refuseFilesInTheWay } from '../plumbing/refresh-files.ts'
import type { Repository } from '../plumbing/repository.ts'
import { resolvePath } from '../plumbing/resolve-object-name.ts'
import { applyChange, type ChangeOptions } from './apply-change.ts'
import { refuseStaged } from './refuse-staged.ts'

export interface RemoveOptions extends ChangeOptions {
  /** Series, or with `recursive` collections. */
  readonly names: readonly string[]
  readonly recursive?: boolean | undefined
  /** Take them from the index only: their files stay as they are, and are no longer theirs. */
  readonly cached?: boolean | undefined
  /** Remove also what is staged and nowhere else, and files that were changed by hand. */
  readonly force?: boolean | undefined
}

export interface RemoveResult {
  readonly removed: readonly string[]
}

/**
 * Removes whole series, and their files in the work tree. History keeps what they held. `refused`
 * where something is staged that would be lost, or a file was changed by hand, unless `force`.
 */
export async function removeSeries(
  repo: Repository,
  options: RemoveOptions,
): Promise<Applied<RemoveResult>> {
  const { cached = false, force = false, commit, signal } = options
  const touched = new Set<string>()
  return applyChange(
    repo,
    {
      async run(batch, tree) {
        const removed: string[] = []
        const edits = new Map<string, PathEdit | undefined>()
        for (const name of options.names) {
          const { entry } = await resolvePath(repo, tree, name, 'the index')
          const path = name.replace(/\/$/, '')
          edits.set(path, undefined)
          if (entry.kind === 'series') removed.push(path)
          else if (options.recursive) {
            for await (const inner of walkTree(batch, tree, `${path}/`)) removed.push(inner.path)
          } else {
            throw new VarveError('refused', `${path}/ is a collection: nothing was removed`, {
              hint: `varve rm -r ${path}/ removes all that is in it`,
            })
          }
        }
        for (const path of removed) touched.add(path)
        // A commit takes from HEAD: what is staged on top stays pending.
        if (!force && commit === undefined) {
          await refuseStaged(repo, tree, removed, { cached, signal })
        }
        return { tree: await updatePaths(batch, tree, edits), result: { removed } }
      },
      meets: (reader, before, after) => firstChangedPath(reader, before, after, touched),
    },
    {
      ...options,
      series: new Set(cached ? [] : await seriesUnder(repo, options.names)),
      ...(cached && { also: withoutFiles }),
      settles: ({ removed }) => removed,
      message: ({ removed }) =>
        removed.length === 1 ? `rm ${removed[0]}\n` : `rm ${removed.length} series\n`,
    },
  )
}

/** The index without the files of series that were removed from it. */
function withoutFiles(state: IndexState, { removed }: RemoveResult): IndexState {
  const gone = new Set(removed)
  return { ...state, files: new Map([...state.files].filter(([path]) => !gone.has(path))) }
}

/** The series among those with files that are one of `names`, or in it. */
async function seriesUnder(repo: Repository, names: readonly string[]): Promise<string[]> {
  if (repo.workTree === undefined) return []
  const { files } = (await readIndex(repo)).state
  return [...files.keys()].filter((path) =>
    names.some((name) => {
      const top = name.replace(/\/$/, '')
      return path === top || path.startsWith(`${top}/`)
    }),
  )
}

export interface MoveOptions extends ChangeOptions {
  readonly from: string
  /**
   * The new name; with a `/` at its end the collection to move into, or where there is none such
   * the new name of a collection.
   */
  readonly to: string
}

export interface MoveResult {
  readonly moved: readonly { readonly from: string; readonly to: string }[]
}

/** Gives a series or a collection another name. What is stored of it stays, and so do settings. */
export async function moveSeries(
  repo: Repository,
  options: MoveOptions,
): Promise<Applied<MoveResult>> {
  const from = options.from.replace(/\/$/, '')
  let to = ''
  const { files } = repo.workTree === undefined ? NO_FILES : (await readIndex(repo)).state
  const withFiles = new Set(await seriesUnder(repo, [from]))
  return applyChange(
    repo,
    {
      async run(batch, tree) {
        const { entry } = await resolvePath(repo, tree, options.from, 'the index')
        to = await newName(batch, tree, from, entry, options.to)
        if (to === from || to.startsWith(`${from}/`)) {
          throw new VarveError('refused', `${from} cannot be moved to ${to}`)
        }
        if ((await lookupPath(batch, tree, to)) !== undefined) {
          throw new VarveError('already-exists', `there is ${to} already`, { data: { name: to } })
        }
        const moved: { from: string; to: string }[] = []
        const shown: { path: string; file: string; id: Id }[] = []
        const move = (path: string, id: Id): void => {
          const renamed = to + path.slice(from.length)
          moved.push({ from: path, to: renamed })
          const known = files.get(path)
          if (known) shown.push({ path: renamed, file: fileLike(renamed, known.file), id })
        }
        if (entry.kind === 'series') move(from, entry.id)
        else {
          for await (const inner of walkTree(batch, tree, `${from}/`)) {
            move(inner.path, inner.entry.id)
          }
        }
        await refuseFilesInTheWay(repo, tree, shown, options.signal)
        const { kind, id, settings } = entry
        const without = await updatePaths(batch, tree, new Map([[from, undefined]]))
        const edits = new Map([[to, { kind, id, settings: settings ?? null }]])
        return { tree: await updatePaths(batch, without, edits), result: { moved } }
      },
      meets: (reader, before, after) =>
        firstChangedPath(reader, before, after, new Set([from, to])),
    },
    {
      ...options,
      series: withFiles,
      shown: ({ moved }) =>
        new Map(
          moved.flatMap(({ from, to }) => {
            const known = files.get(from)
            return known === undefined ? [] : [[to, fileLike(to, known.file)] as const]
          }),
        ),
      message: () => `mv ${from} ${to}\n`,
    },
  )
}

const NO_FILES: Pick<IndexState, 'files'> = { files: new Map() }

async function newName(
  reader: ObjectReader,
  tree: Id,
  from: string,
  entry: TreeEntry,
  to: string,
): Promise<string> {
  if (!to.endsWith('/')) return checkSeriesName(to)
  const collection = checkCollectionName(to)
  const isThere = (await lookupPath(reader, tree, to)) !== undefined
  if (entry.kind === 'tree' && !isThere) return collection
  return checkSeriesName(`${collection}/${from.slice(from.lastIndexOf('/') + 1)}`)
}
