import { subjectOf } from '../../core/commit.ts'
import { type CommitDate, firstSecondOf, lastSecondOf, parseWhen } from '../../core/commit-date.ts'
import { ownText } from '../../core/own-text.ts'
import { abbreviationLength } from '../../plumbing/abbreviate-id.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { resolveRange } from '../../plumbing/resolve-range.ts'
import type { WalkedCommit } from '../../plumbing/walk-commits.ts'
import { type Decoration, type Decorations, readDecorations } from '../decorations.ts'
import { log } from '../log.ts'
import { revisionsAndSeries } from '../revisions-and-series.ts'
import { givingWay } from './give-way.ts'
import { perTurn } from './turns.ts'
import type { CommitFilter, ListedCommit } from './view-data.ts'

/** Characters of a line that anybody can see. */
const LONGEST_LINE = 400

export interface ListOptions {
  /** Revisions, then series, of the command line. */
  readonly words: readonly string[]
  readonly now: CommitDate
  readonly signal: AbortSignal
}

/** The commits that the words and the filter choose, children before parents, as they are found. */
export async function* listCommits(
  repo: Repository,
  filter: CommitFilter,
  { words, now, signal }: ListOptions,
): AsyncGenerator<readonly ListedCommit[]> {
  const stopped = new AbortController()
  const polite = givingWay(repo, AbortSignal.any([signal, stopped.signal]))
  const given = await revisionsAndSeries(polite, words, (word) =>
    resolveRange(polite, [word], { now }),
  )
  const { author, since, until, from, to } = filter
  const commits = log(polite, {
    words: [...(filter.revisions ?? given.revisions)],
    series: [...(filter.series ?? given.series)],
    now,
    ...(author !== undefined && { authors: [containing(author)] }),
    ...(since !== undefined && { since: firstSecondOf(parseWhen(since, now)) }),
    ...(until !== undefined && { until: lastSecondOf(parseWhen(until, now)) }),
    ...((from !== undefined || to !== undefined) && { bounds: { from, to } }),
  })
  const lister = await openLister(polite)
  for await (const found of perTurn(commits, () => stopped.abort())) {
    yield found.map((walked) => lister.list(walked))
  }
}

export interface Lister {
  list(walked: WalkedCommit): ListedCommit
}

/** Makes lines of commits, as the repository is now; very many of them are held. */
export async function openLister(repo: Repository): Promise<Lister> {
  const digits = await abbreviationLength(repo)
  const decorations: Decorations = await readDecorations(repo)
  const none: readonly Decoration[] = []
  const authors = new Map<string, string>()
  const authorOf = (name: string): string => {
    const known = authors.get(name) ?? ownText(name)
    authors.set(known, known)
    return known
  }
  return {
    list: ({ id, commit }) => {
      const { seconds, offsetMinutes } = commit.committer
      return {
        id,
        short: id.slice(0, digits),
        parents: commit.parents,
        author: authorOf(commit.author.name),
        time: { seconds, offsetMinutes },
        subject: ownText(subjectOf(commit).slice(0, LONGEST_LINE)),
        decorations: decorations.get(id) ?? none,
      }
    },
  }
}

/** What fits texts that contain this one, capitals or not. */
function containing(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'iu')
}
