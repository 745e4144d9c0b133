import { readCommit, type Signature } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import { type Id, shortId } from '../core/id.ts'
import { formatSeconds } from '../core/time.ts'
import { lookupPath, walkTree } from '../core/tree.ts'
import { badInput, type Cell, type Place, quoteText } from '../formats/bad-input.ts'
import { headState } from '../plumbing/head.ts'
import { hasIndex, treeOf } from '../plumbing/index-state.ts'
import { lastTouched } from '../plumbing/last-touched.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { CommitRequest } from './apply-change.ts'

/** Whose commits of publications are; their dates are those of the publications. */
export interface PublicationCommits {
  readonly author: Signature
  readonly committer: Signature
  /** What every message begins with: `Publication` unless given. */
  readonly message?: string | undefined
}

/** What became of one publication. */
export interface Published {
  /** When it was published, in seconds since 1970. */
  readonly seconds: number
  readonly series: number
  /** The commit; absent where nothing differed, and in a dry run. */
  readonly commit?: Id
  /** The committer date, where a later commit before it did not let it be that of the publication. */
  readonly knownFrom?: number
}

/** What became of a publication that was committed, if anything differed. */
export async function published(
  repo: Repository,
  seconds: number,
  series: number,
  commit: Id | undefined,
): Promise<Published> {
  if (commit === undefined) return { seconds, series }
  const { committer } = await readCommit(repo.objects, commit)
  const isLate = committer.seconds > seconds
  return { seconds, series, commit, ...(isLate && { knownFrom: committer.seconds }) }
}

/**
 * How a publication is committed: author date when it was published; committer date as well, but never
 * before that of the commit before it.
 */
export function publicationCommit(
  { author, committer, message = 'Publication' }: PublicationCommits,
  seconds: number,
): CommitRequest {
  const at = { seconds, offsetMinutes: 0 }
  return {
    author: { ...author, ...at },
    committer: { ...committer, ...at },
    message: `${message} of ${publicationText(seconds)}\n`,
  }
}

/** `2024-05-31`, and with the time of day where it is not midnight. */
export function publicationText(seconds: number): string {
  const text = formatSeconds(BigInt(seconds))
  return text.endsWith('T00:00:00') ? text.slice(0, 10) : `${text}Z`
}

/**
 * When each series was last published, by the author dates of the commits that made them what they are:
 * what is not newer is known already.
 *
 * @param within a series, or a collection with `/` at its end for all in it
 */
export async function lastPublications(
  repo: Repository,
  within: readonly string[],
): Promise<Map<string, number>> {
  const { id } = await headState(repo)
  if (id === undefined) return new Map()
  const tree = await treeOf(repo.objects, id)
  const series = new Map<string, Id>()
  for (const path of within) {
    if (path.endsWith('/')) {
      for await (const { path: inside, entry } of walkTree(repo.objects, tree, path)) {
        series.set(inside, entry.id)
      }
      continue
    }
    const entry = await lookupPath(repo.objects, tree, path)
    if (entry?.kind === 'series') series.set(path, entry.id)
  }
  const dates = new Map<string, number>()
  for (const [path, { commit }] of await lastTouched(repo, id, series)) {
    dates.set(path, commit.author.seconds)
  }
  return dates
}

/**
 * What to throw where publications fail after some were committed: it says how many are, which stay, and
 * has their number as `committed` in `data`.
 *
 * @param before where the branch was; undefined where it had no commit
 */
export function afterCommitted(
  repo: Repository,
  error: unknown,
  done: readonly Published[],
  before: Id | undefined,
): unknown {
  const committed = done.filter(({ commit }) => commit !== undefined).length
  if (committed === 0 || !(error instanceof VarveError)) return error
  const number = committed.toLocaleString('en-US')
  const [are, them] =
    committed === 1 ? ['publication before is', 'it'] : ['publications before are', 'them']
  const back = takingBack(committed, before, hasIndex(repo))
  const stays = `${number} ${are} committed: the same command goes on after ${them}; varve ${back} takes ${them} back`
  // Of an interruption the message says that nothing was changed.
  const message = error.code === 'interrupted' ? 'interrupted' : error.message
  return new VarveError(error.code, message, {
    data: { ...error.data, committed },
    hint: error.hint === undefined ? stays : `${error.hint}; ${stays}`,
    cause: error,
  })
}

/** The command that takes the newest commits back, `undo` being for one alone. */
function takingBack(commits: number, before: Id | undefined, withIndex: boolean): string {
  if (commits === 1) return 'undo'
  if (before === undefined) return 'update-ref -d HEAD'
  return `reset --${withIndex ? 'keep' : 'soft'} ${shortId(before)}`
}

/**
 * What to throw where the column that says when rows were published cannot be read: of one without a
 * value it says so, as it is read as an index.
 */
export function aboutKnownAt(error: unknown, column: string): unknown {
  if (!hasCode(error, 'bad-input') || error.data.field !== column) return error
  if (!/\(the index cannot be (?:null|NaN)\)$/.test(error.message)) return error
  const { file, found, line, row } = error.data
  const place =
    line === undefined
      ? ({ row, field: column } as Cell)
      : ({ line, column: error.data.column } as Place)
  return badInput({
    file: String(file),
    place,
    found: String(found),
    expected: `a time or date in the column ${quoteText(column)}`,
    reason: 'it says when the row was published',
    hint: 'a row without one has no place in history: give it one, or leave it out',
    data: { field: column },
    cause: error,
  })
}
