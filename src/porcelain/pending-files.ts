import { hasCode, type VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { lookupPath, type PathEdit, updatePaths } from '../core/tree.ts'
import type { FileStamp, IndexState, SeriesFile } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import {
  fileStatus,
  sameStamp,
  type scratchFor,
  seriesFileInput,
} from '../plumbing/series-files.ts'
import { buildFromTable } from './add-series.ts'

type Scratch = ReturnType<typeof scratchFor>

/** A file in the work tree that does not show what the index holds. */
export type PendingFile = { readonly series: string; readonly file: string } & (
  | {
      readonly state: 'modified'
      /** The series that the file holds. */
      readonly id: Id
    }
  | { readonly state: 'missing' }
  | {
      readonly state: 'unreadable'
      readonly fault: VarveError
    }
  /** Nobody touched it, but the series has changed since it was written. */
  | { readonly state: 'outdated' }
)

export interface PendingFiles {
  readonly files: readonly PendingFile[]
  /** Files that have another stamp but still hold what the index says. */
  readonly clean: ReadonlyMap<string, SeriesFile>
}

export interface PendingOptions {
  /** Whether a series is asked about; all are unless given. */
  readonly wanted?: ((series: string) => boolean) | undefined
  readonly signal?: AbortSignal | undefined
  /** Told of each file that is looked at. */
  readonly onFile?: ((file: string) => void) | undefined
}

/**
 * Which files in the work tree differ from the series that the index holds: by stamp, and where
 * that differs by content. A changed file is read as `add` would read it, into `scratch`.
 */
export async function pendingFiles(
  repo: Repository,
  scratch: Scratch,
  state: IndexState,
  options: PendingOptions = {},
): Promise<PendingFiles> {
  const files: PendingFile[] = []
  const clean = new Map<string, SeriesFile>()
  const wanted = [...state.files.keys()].filter(options.wanted ?? (() => true))
  for (const series of sortedPaths(wanted)) {
    const known = state.files.get(series)!
    const { file } = known
    options.onFile?.(file)
    const entry = await lookupPath(scratch, state.tree, series)
    const indexed = entry?.kind === 'series' ? entry.id : undefined
    const now = await contentOf(repo, scratch, state.tree, series, known, options.signal)
    if (now.state === 'missing') {
      if (indexed !== undefined) files.push({ series, file, state: 'missing' })
    } else if (now.state === 'unreadable') {
      files.push({ series, file, state: 'unreadable', fault: now.fault })
    } else if (now.id === indexed) {
      if (now.id !== known.id || !sameStamp(now.stamp, known.stamp)) {
        clean.set(series, { ...known, id: now.id, stamp: now.stamp })
      }
    } else if (now.id === known.id) files.push({ series, file, state: 'outdated' })
    else files.push({ series, file, state: 'modified', id: now.id })
  }
  return { files, clean }
}

type Content =
  | { readonly state: 'missing' }
  | { readonly state: 'unreadable'; readonly fault: VarveError }
  | { readonly state: 'readable'; readonly id: Id; readonly stamp: FileStamp }

async function contentOf(
  repo: Repository,
  scratch: Scratch,
  tree: Id,
  series: string,
  known: SeriesFile,
  signal: AbortSignal | undefined,
): Promise<Content> {
  const status = await fileStatus(repo, scratch, known, { path: series, tree }, signal)
  if (status.state === 'missing') return { state: 'missing' }
  const { stamp } = status
  if (status.state === 'clean') return { state: 'readable', id: known.id, stamp }
  if (status.id !== undefined) return { state: 'readable', id: status.id, stamp }
  // It may have new columns, or values of a wider type.
  try {
    const input = seriesFileInput(repo, known, { bytes: stamp.size, signal })
    const options = { allowDeletes: true, dropColumns: true }
    const { id } = await buildFromTable(scratch, tree, series, input, options)
    return { state: 'readable', id, stamp }
  } catch (fault) {
    if (isInputFault(fault)) return { state: 'unreadable', fault }
    throw fault
  }
}

function isInputFault(error: unknown): error is VarveError {
  return (
    hasCode(error, 'bad-input') ||
    hasCode(error, 'invalid-name') ||
    hasCode(error, 'schema-mismatch') ||
    hasCode(error, 'too-large')
  )
}

function sortedPaths(paths: readonly string[]): string[] {
  return [...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
}

/** The tree that the index would hold if all changed files were added; stored in `scratch`. */
export async function treeWithFiles(
  scratch: Scratch,
  tree: Id,
  files: readonly PendingFile[],
): Promise<Id> {
  const edits = new Map<string, PathEdit>()
  for (const file of files) {
    if (file.state === 'modified') edits.set(file.series, { kind: 'series', id: file.id })
  }
  return edits.size === 0 ? tree : updatePaths(scratch, tree, edits)
}
