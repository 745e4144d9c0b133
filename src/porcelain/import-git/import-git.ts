import type { Signature } from '../../core/commit.ts'
import { VarveError } from '../../core/errors.ts'
import type { Id } from '../../core/id.ts'
import { checkCollectionName } from '../../core/names.ts'
import type { Reading } from '../../formats/table.ts'
import {
  type GitStep,
  listGitHistory,
  parseGitCommit,
  resolveGitRevision,
} from '../../plumbing/git/git-commits.ts'
import { GitObjects } from '../../plumbing/git/git-objects.ts'
import type { GitSource } from '../../plumbing/git/run-git.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { Import } from './import-run.ts'
import { importRef, readImportState } from './import-state.ts'

export interface ImportGitOptions {
  /** What of git: `HEAD` unless given. */
  readonly revision?: string | undefined
  /** Only this folder or file of the repository. */
  readonly path?: string | undefined
  /** The collection that all goes to; the root unless given. */
  readonly into?: string | undefined
  /** Only the commits along first parents: a merge counts as one commit then. */
  readonly firstParent?: boolean | undefined
  /** Stop at the first file that cannot be read. */
  readonly strict?: boolean | undefined
  /** How the tables are written. */
  readonly reading?: Reading | undefined
  /** The index columns of series that are new, where a table has all of them. */
  readonly index?: readonly string[] | undefined
  /** Who the log says did it, and when. Commits that claim a later time get this one. */
  readonly who: Signature
  /** Asked before anything is read, with what tells whether a commit was made by an earlier run. */
  readonly checkKnown?: ((isImported: (id: Id) => boolean) => void | Promise<void>) | undefined
  readonly onTotal?: ((commits: number) => void) | undefined
  readonly onCommit?: (() => void) | undefined
  readonly onProblem?: ((problem: ImportProblem) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** A file that is not what its series is at a commit. */
export interface ImportProblem {
  /** The commit of git. */
  readonly commit: string
  readonly file: string
  readonly series?: string
  readonly line?: number
  readonly reason: string
  /** What the series is at that commit: as it was before, or not there. */
  readonly instead: 'as before' | 'absent'
}

export interface ImportedHistory {
  /** The commit that the git revision became. */
  readonly tip: Id
  /** The commit of git. */
  readonly git: string
  /** The ref that remembers what was imported. */
  readonly ref: string
  /** Commits of git that were looked at now; those that an earlier run imported are not. */
  readonly read: number
  /** Commits that were made. The others changed no table. */
  readonly made: number
  /** Versions of tables that were read. */
  readonly tables: number
  readonly problems: number
}

/**
 * Makes commits of the tables in a git repository's history: with the authors, committers, dates and
 * messages of git, and its merges. A commit that changes no table is left out. No branch is moved.
 *
 * What was imported is published part by part and remembered under `refs/imports/git/`: run again, after
 * an interruption too, it goes on from there.
 *
 * Committer dates are moved up where they run backwards along parents, and back where they lie ahead
 * of `who`. A table that cannot be read at a commit is reported, and its series is as it was before.
 *
 * `refused` where history that is not imported yet is cut off, in a shallow repository; `bad-input` at
 * the first of those under `strict`; `revision-not-found`; `not-a-repository`;
 * `file-not-found` where no commit has a table.
 */
export async function importGit(
  repo: Repository,
  source: GitSource,
  options: ImportGitOptions,
): Promise<ImportedHistory> {
  const prefix = (options.path ?? '').replace(/^(?:\.?\/+)+|\/+$/g, '')
  const into = options.into ? `${checkCollectionName(options.into)}/` : ''
  const { firstParent = false, index = null } = options
  const { onNotice: _, ...reading } = options.reading ?? {}
  const ref = importRef({
    path: prefix,
    into,
    firstParent,
    index,
    reading: { ...reading, rename: [...(reading.rename ?? [])] },
  })
  const git = await resolveGitRevision(source, options.revision ?? 'HEAD')
  const steps = await listGitHistory(source, git, { firstParent })
  const state = await readImportState(repo, ref)
  const made = new Set(state.commits.values())
  await options.checkKnown?.((id) => made.has(id))
  const objects = new GitObjects(source)
  const run = new Import(repo, objects, state, steps, { ...options, ref, prefix, into })
  try {
    await refuseCutOff(
      source,
      objects,
      steps.filter(({ oid }) => !state.commits.has(oid)),
    )
    await run.all()
  } finally {
    await objects.close()
  }
  const tip = state.commits.get(git)
  if (tip === undefined) {
    const where = prefix === '' ? source.folder : `${prefix} of ${source.folder}`
    throw new VarveError('file-not-found', `no commit has a table in ${where}`, {
      data: { folder: source.folder, path: prefix, commits: steps.length },
      hint: 'a file is one by its ending: csv, tsv, ndjson, jsonl, parquet, arrow, also with .gz or .zst',
    })
  }
  return { tip, git, ref, ...run.counts }
}

/**
 * `refused` where a commit has parents that are not there: it would be imported as the first one, and
 * what was before it could never be.
 */
async function refuseCutOff(
  { folder }: GitSource,
  objects: GitObjects,
  steps: readonly GitStep[],
): Promise<void> {
  for (const { oid, parents } of steps) {
    if (parents.length > 0) continue
    if (!parseGitCommit(await objects.structure(oid, 'commit')).hasParents) continue
    throw new VarveError(
      'refused',
      `${folder} is a shallow clone: what is before commit ${oid.slice(0, 12)} is not there`,
      { data: { folder, commit: oid }, hint: `git -C ${folder} fetch --unshallow brings it` },
    )
  }
}
