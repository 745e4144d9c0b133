import { subjectOf } from '../../core/commit.ts'
import { type CommitDate, firstSecondOf, lastSecondOf, parseWhen } from '../../core/commit-date.ts'
import type { Id } from '../../core/id.ts'
import { ownText } from '../../core/own-text.ts'
import { abbreviationLength } from '../../plumbing/abbreviate-id.ts'
import type { Repository } from '../../plumbing/repository.ts'
import { resolveRange } from '../../plumbing/resolve-range.ts'
import type { WalkedCommit } from '../../plumbing/walk-commits.ts'
import { type Decoration, type Decorations, readDecorations } from '../decorations.ts'
import { log } from '../log.ts'
import { revisionsAndSeries } from '../revisions-and-series.ts'
import type { CommitFilter, ListedCommit } from './view-data.ts'

/** Characters of a line that anybody can see. */
const LONGEST_LINE = 400

export interface ListOptions {
  /** Revisions, then series, of the command line. */
  readonly words: readonly string[]
  readonly now: CommitDate
}

/** The commits that the words and the filter choose, children before parents, as they are found. */
export async function* listCommits(
  repo: Repository,
  filter: CommitFilter,
  { words, now }: ListOptions,
): AsyncGenerator<ListedCommit> {
  const given = await revisionsAndSeries(repo, words, (word) => resolveRange(repo, [word], { now }))
  const { author, since, until, from, to } = filter
  const commits = log(repo, {
    words: [...(filter.revisions ?? given.revisions)],
    series: [...(filter.series ?? given.series)],
    now,
    ...(author !== undefined && { authors: [containing(author)] }),
    ...(since !== undefined && { since: firstSecondOf(parseWhen(since, now)) }),
    ...(until !== undefined && { until: lastSecondOf(parseWhen(until, now)) }),
    ...((from !== undefined || to !== undefined) && { bounds: { from, to } }),
  })
  const lister = await openLister(repo)
  for await (const walked of commits) yield lister.list(walked)
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
      const author = authorOf(commit.author.name)
      const subject = ownText(subjectOf(commit).slice(0, LONGEST_LINE))
      return new Listed(id, digits, commit, author, subject, decorations.get(id) ?? none)
    },
  }
}

/** A line that takes little memory: what follows from the rest is made when it is asked for. */
class Listed implements ListedCommit {
  readonly id: Id
  readonly parents: readonly Id[]
  readonly author: string
  readonly subject: string
  readonly decorations: readonly Decoration[]
  readonly #digits: number
  readonly #seconds: number
  readonly #offsetMinutes: number

  constructor(
    id: Id,
    digits: number,
    { parents, committer }: WalkedCommit['commit'],
    author: string,
    subject: string,
    decorations: readonly Decoration[],
  ) {
    this.id = id
    this.parents = parents
    this.author = author
    this.subject = subject
    this.decorations = decorations
    this.#digits = digits
    this.#seconds = committer.seconds
    this.#offsetMinutes = committer.offsetMinutes
  }

  get short(): string {
    return this.id.slice(0, this.#digits)
  }

  get time(): CommitDate {
    return { seconds: this.#seconds, offsetMinutes: this.#offsetMinutes }
  }
}

/** What fits texts that contain this one, capitals or not. */
function containing(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'iu')
}
