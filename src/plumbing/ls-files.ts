import { compareBytes, textToBytes } from '../core/bytes.ts'
import { seriesOfFile } from './file-names.ts'
import { readIndex } from './index-state.ts'
import { lsTree } from './ls-tree.ts'
import type { Repository } from './repository.ts'
import { fileStatus, scratchFor, workTreeOf } from './series-files.ts'
import type { TreeLine } from './tree-line.ts'

export interface ListFilesOptions {
  /** Series in the index: so it is where nothing else is asked for. */
  readonly cached?: boolean
  /** Series whose file in the work tree was changed, or is gone. */
  readonly modified?: boolean
  /** Series whose file in the work tree is gone. */
  readonly deleted?: boolean
  /** Files that could be series and belong to none. */
  readonly others?: boolean
  /** Only these series or files, and what is below them. All if empty. */
  readonly paths?: readonly string[]
  readonly signal?: AbortSignal
}

export type ListedFile =
  | (TreeLine & { readonly state: 'cached' })
  | { readonly state: 'modified' | 'deleted'; readonly path: string; readonly file: string }
  | { readonly state: 'other'; readonly path: string }

/** What is in the index, and how the files of the work tree differ from it. */
export async function* lsFiles(
  repo: Repository,
  options: ListFilesOptions = {},
): AsyncGenerator<ListedFile> {
  const { modified = false, deleted = false, others = false, paths = [] } = options
  const { state } = await readIndex(repo)
  const { tree } = state
  if (others) yield* otherFiles(repo, new Set([...state.files.values()].map((f) => f.file)), paths)
  if (options.cached || !(modified || deleted || others)) {
    for await (const line of lsTree(repo.objects, state.tree, { recursive: true, paths })) {
      yield { ...line, state: 'cached' }
    }
  }
  if (!modified && !deleted) return
  const files = [...state.files].filter(([path]) => fits(path, paths)).sort(byPath)
  const scratch = scratchFor(repo)
  try {
    for (const [path, known] of files) {
      const { state } = await fileStatus(repo, scratch, known, { path, tree }, options.signal)
      const { file } = known
      if (deleted && state === 'missing') yield { state: 'deleted', path, file }
      if (modified && state !== 'clean') yield { state: 'modified', path, file }
    }
  } finally {
    await scratch.discard()
  }
}

async function* otherFiles(
  repo: Repository,
  known: ReadonlySet<string>,
  paths: readonly string[],
): AsyncGenerator<ListedFile> {
  for await (const { path } of workTreeOf(repo).list()) {
    if (known.has(path) || seriesOfFile(path) === undefined) continue
    if (fits(path, paths)) yield { state: 'other', path }
  }
}

function fits(path: string, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true
  return wanted.some((one) => {
    const folder = one.endsWith('/') ? one : `${one}/`
    return path === one || path.startsWith(folder)
  })
}

function byPath([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compareBytes(textToBytes(a), textToBytes(b))
}
