import { readCommit } from '../core/commit.ts'
import { hasCode, VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { lookupPath } from '../core/tree.ts'
import { seriesOfFile } from '../plumbing/file-names.ts'
import { headState } from '../plumbing/head.ts'
import { hasIndex, readIndex, treeOf } from '../plumbing/index-state.ts'
import type { Repository } from '../plumbing/repository.ts'
import { seriesNotFound } from '../plumbing/resolve-object-name.ts'

export interface RevisionsAndSeries {
  readonly revisions: readonly string[]
  /** Series, and collections with a `/` at the end or without. */
  readonly series: readonly string[]
}

/**
 * Which of some words are revisions and which series, as git tells revisions from files: the first
 * word that `resolve` does not know as a revision begins the series. What is neither is
 * `series-not-found`, or the error that `resolve` had where it can only have meant a revision.
 */
export async function revisionsAndSeries(
  repo: Repository,
  words: readonly string[],
  resolve: (word: string) => Promise<unknown>,
): Promise<RevisionsAndSeries> {
  const revisions: string[] = []
  for (const [at, word] of words.entries()) {
    try {
      await resolve(word)
      revisions.push(word)
    } catch (error) {
      if (!hasCode(error, 'revision-not-found') && !hasCode(error, 'series-not-found')) throw error
      const series: string[] = []
      for (const name of words.slice(at)) {
        series.push(await seriesNamed(repo, name, error, [...revisions, '--', name].join(' ')))
      }
      return { revisions, series }
    }
  }
  return { revisions, series: [] }
}

/** Commits that are looked at for a series that is gone. */
const LOOKED_AT = 1000

/** Whether one of the last commits had a series or collection of a name. */
async function wasThere(repo: Repository, name: string): Promise<boolean> {
  let id = (await headState(repo)).id
  for (let seen = 0; id !== undefined && seen < LOOKED_AT; seen++) {
    if (!(await repo.objects.has(id))) return false
    const { tree, parents } = await readCommit(repo.objects, id)
    if ((await seriesIn(repo, [tree], name)) !== undefined) return true
    id = parents[0]
  }
  return false
}

/** Trees that a name is looked up in: what the next commit will hold, and the last one. */
async function treesHere(repo: Repository): Promise<Id[]> {
  const head = await treeOf(repo.objects, (await headState(repo)).id)
  return hasIndex(repo) ? [(await readIndex(repo)).state.tree, head] : [head]
}

async function seriesNamed(
  repo: Repository,
  name: string,
  error: VarveError,
  /** How it would be said that the word is a series. */
  explicit: string,
): Promise<string> {
  const trees = await treesHere(repo)
  const found = await seriesIn(repo, trees, name)
  if (found !== undefined) return found
  if (name === 'HEAD' || /[~^@:]|\.\./.test(name)) throw error
  const fault = await seriesNotFound(repo, trees[0]!, name, 'the repository')
  const near = fault.data.nearest ?? error.data.nearest
  throw new VarveError(fault.code, `${JSON.stringify(name)} is neither a revision nor a series`, {
    data: { ...fault.data, ...(near !== undefined && { nearest: near }) },
    hint:
      near !== undefined && !(await wasThere(repo, name))
        ? `did you mean ${String(near)}?`
        : `a series that is gone is named behind --, as in: ${explicit}`,
  })
}

/** The series or collection that a name, or the name of a series' file, means in one of some trees. */
export async function seriesIn(
  repo: Repository,
  trees: readonly (Id | undefined)[],
  name: string,
): Promise<string | undefined> {
  for (const path of [name, seriesOfFile(name)]) {
    if (path === undefined) continue
    for (const tree of trees) {
      if (tree !== undefined && (await lookupPath(repo.objects, tree, path)) !== undefined) {
        return path
      }
    }
  }
  return undefined
}
