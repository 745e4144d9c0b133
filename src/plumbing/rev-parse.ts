import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { parseRevision, parseRevisionRange } from '../core/revision.ts'
import { abbreviateId } from './abbreviate-id.ts'
import { shortenRef } from './find-ref.ts'
import { readHead } from './head.ts'
import type { Repository } from './repository.ts'
import { resolveObjectName } from './resolve-object-name.ts'
import { resolveRange } from './resolve-range.ts'
import { resolveRevision } from './resolve-revision.ts'

export interface RevParseOptions {
  /** Revisions, `REV:NAME`, ranges. */
  readonly words: readonly string[]
  /** Exactly one word, which names one object. */
  readonly verify?: boolean
  /** As few digits as are clear, at least this many; `true`: at least 7. */
  readonly short?: boolean | number
  /** Names of refs instead of ids: short ones, or whole ones. `HEAD` where it is detached. */
  readonly names?: 'short' | 'full'
  readonly now?: CommitDate
}

export interface ParsedRevision {
  /** What is printed: `^` in front of what is left out. */
  readonly text: string
  readonly id: Id
  readonly excluded: boolean
}

/**
 * The objects that words name, in order. `A..B` is B and, left out, A; `A...B` both sides and, left
 * out, their common ancestors. Errors as `resolveRevision` and `resolveObjectName`.
 */
export async function revParse(
  repo: Repository,
  options: RevParseOptions,
): Promise<ParsedRevision[]> {
  const { words, verify = false, names, now } = options
  if (verify && words.length !== 1) {
    throw new VarveError('usage', `--verify takes one revision, not ${words.length}`)
  }
  const parsed: ParsedRevision[] = []
  for (const word of words) {
    const name = names === undefined ? undefined : await nameOf(repo, word, names, options)
    if (name !== undefined) parsed.push(name)
    else if (verify || !isRange(word)) {
      const { id } = await resolveObjectName(repo, word, { now })
      parsed.push({ text: await shown(repo, id, options), id, excluded: false })
    } else {
      const { include, exclude } = await resolveRange(repo, [word], { now })
      // A..B names the end first, as git does.
      for (const id of include) {
        parsed.push({ text: await shown(repo, id, options), id, excluded: false })
      }
      for (const id of exclude) {
        parsed.push({ text: `^${await shown(repo, id, options)}`, id, excluded: true })
      }
    }
  }
  return parsed
}

function isRange(word: string): boolean {
  try {
    return parseRevisionRange(word).kind !== 'include'
  } catch (error) {
    // REV:NAME is no range, and what is neither will be explained as a revision.
    if (error instanceof VarveError && error.code === 'revision-not-found') return false
    throw error
  }
}

async function nameOf(
  repo: Repository,
  word: string,
  form: 'short' | 'full',
  { now }: RevParseOptions,
): Promise<ParsedRevision | undefined> {
  const revision = parseRevision(word)
  if (revision.name === 'HEAD' && revision.selector === undefined && revision.steps.length === 0) {
    const head = await readHead(repo)
    if ('id' in head) return { text: 'HEAD', id: head.id, excluded: false }
  }
  const { id, ref } = await resolveRevision(repo, revision, { now })
  if (ref === undefined) return undefined
  const text = form === 'full' ? ref : shortenRef(await repo.refs.state(), ref)
  return { text, id, excluded: false }
}

async function shown(repo: Repository, id: Id, { short }: RevParseOptions): Promise<string> {
  if (short === undefined || short === false) return id
  return abbreviateId(repo, id, short === true ? undefined : short)
}
