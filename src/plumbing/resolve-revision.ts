import { readCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import { type Id, isId, type ObjectKind } from '../core/id.ts'
import { nearest } from '../core/nearest.ts'
import {
  type PeelTarget,
  parseRevision,
  type Revision,
  type RevisionStep,
} from '../core/revision.ts'
import { readTag } from '../core/tag.ts'
import { EMPTY_TREE } from '../core/tree.ts'
import { type FoundRef, findRefs, shortNames } from './find-ref.ts'
import { headState } from './head.ts'
import type { Repository } from './repository.ts'
import { resolveSelector } from './resolve-selector.ts'

export interface ResolveOptions {
  /** What `@{yesterday}` is relative to; without it only absolute dates are understood. */
  readonly now?: CommitDate | undefined
  /** Which kind is wanted: settles abbreviated ids that fit several objects. */
  readonly prefer?: PeelTarget | undefined
}

export interface ResolvedRevision {
  readonly id: Id
  readonly kind: ObjectKind
  /** The ref that the revision names, when it names one and goes no further. */
  readonly ref?: string
  /** Other refs that the name might have meant. */
  readonly alsoMeans: readonly string[]
}

/** The fewest digits that stand for an id. */
const MIN_ABBREVIATION = 4
const MAX_CANDIDATES = 20

/**
 * The object that a revision names, by git's rules: HEAD and `@`, refs by full or short name,
 * whole and abbreviated ids (4 digits at least), `@{…}` from the ref log, then `~n`, `^n` and
 * `^{kind}`. `revision-not-found` with the nearest ref's name; `ambiguous-revision` with the ids
 * that the digits fit; `before-history` for `@{date}` before the ref log begins.
 */
export async function resolveRevision(
  repo: Repository,
  text: string | Revision,
  options: ResolveOptions = {},
): Promise<ResolvedRevision> {
  const revision = typeof text === 'string' ? parseRevision(text) : text
  const base = await resolveBase(repo, revision, options)
  let id = base.id
  for (const step of revision.steps) id = await takeStep(repo, revision, id, step)
  const kind = await kindOf(repo, id, revision.text)
  return {
    id,
    kind,
    ...(base.ref !== undefined && revision.steps.length === 0 && { ref: base.ref }),
    alsoMeans: base.alsoMeans ?? [],
  }
}

/** As {@link resolveRevision}, through tags to a commit. */
export async function resolveCommit(
  repo: Repository,
  text: string | Revision,
  options: ResolveOptions = {},
): Promise<Id> {
  const { id } = await resolveRevision(repo, text, { ...options, prefer: 'commit' })
  return peelObject(repo, id, 'commit', typeof text === 'string' ? text : text.text)
}

/** As {@link resolveRevision}, to the tree of a commit or a tree itself. */
export async function resolveTree(
  repo: Repository,
  text: string | Revision,
  options: ResolveOptions = {},
): Promise<Id> {
  const { id } = await resolveRevision(repo, text, { ...options, prefer: 'tree' })
  return peelObject(repo, id, 'tree', typeof text === 'string' ? text : text.text)
}

/**
 * Follows tags, and for `tree` a commit, to an object of the kind asked for; `any` follows tags
 * alone, `object` nothing. `revision-not-found` when the object is of another kind; `shown` is
 * what messages call it.
 */
export async function peelObject(
  repo: Repository,
  from: Id,
  to: PeelTarget,
  shown: string = from,
): Promise<Id> {
  let id = from
  for (;;) {
    const kind = await kindOf(repo, id)
    if (to === 'object' || kind === to) return id
    if (kind === 'tag') id = (await readTag(repo.objects, id)).object
    else if (to === 'any') return id
    else if (to === 'tree' && kind === 'commit') id = (await readCommit(repo.objects, id)).tree
    else throw notFound(shown, `it is a ${kind}, not a ${to}`, { id, kind, expected: to })
  }
}

interface Base {
  readonly id: Id
  readonly ref?: string | undefined
  readonly alsoMeans?: readonly string[]
}

async function resolveBase(
  repo: Repository,
  revision: Revision,
  options: ResolveOptions,
): Promise<Base> {
  const { name, selector } = revision
  if (selector !== undefined) return resolveSelector(repo, revision, selector, options.now)
  // A whole id is always itself, even where a ref has such a name.
  if (isId(name.toLowerCase())) return { id: name.toLowerCase() as Id }
  if (name === 'HEAD') {
    const head = await headState(repo)
    if (head.id !== undefined) return { id: head.id, ref: head.ref }
    throw notFound(revision.text, `${head.ref} has no commit yet`, { ref: head.ref })
  }
  const noted = await notedHead(repo, name)
  if (noted !== undefined) return { id: noted }
  const fetched = name === 'FETCH_HEAD' ? await fetchHead(repo) : undefined
  if (fetched !== undefined) return { id: fetched }
  const state = await repo.refs.state()
  const [ref, ...others] = findRefs(state, name)
  if (ref !== undefined) return { ...baseOf(ref), alsoMeans: others.map((other) => other.name) }
  const id = await expandId(repo, revision, options.prefer)
  if (id !== undefined) return { id }
  const near = nearest(name, shortNames(state))
  throw notFound(revision.text, 'no ref or object has this name', {}, near)
}

/** What a command left a note of in a private file: `BISECT_HEAD`, `FETCH_HEAD`. */
async function notedHead(repo: Repository, name: string): Promise<Id | undefined> {
  if (!/^[A-Z]+_HEAD$/.test(name)) return undefined
  const bytes = await repo.privateFiles?.read(name)
  const id = bytes && Buffer.from(bytes).toString('latin1').split(/\s/, 1)[0]
  return id !== undefined && isId(id) ? id : undefined
}

/** What the last fetch brought first; undefined where there was none, or where nothing of it is kept. */
async function fetchHead(repo: Repository): Promise<Id | undefined> {
  const bytes = await repo.privateFiles?.read('FETCH_HEAD')
  const id = Buffer.from(bytes ?? [])
    .toString('utf8')
    .slice(0, 64)
  return isId(id) ? id : undefined
}

function baseOf({ id, name }: FoundRef): Base {
  return { id, ref: name }
}

/** The one object whose id begins with the name, or with what follows `-g`, as in `v1-3-gabcd`. */
async function expandId(
  repo: Repository,
  { text, name, steps }: Revision,
  prefer: PeelTarget | undefined,
): Promise<Id | undefined> {
  const digits = (/-g([0-9a-f]{4,64})$/i.exec(name)?.[1] ?? name).toLowerCase()
  if (digits.length < MIN_ABBREVIATION || !/^[0-9a-f]+$/.test(digits)) return undefined
  const found = await repo.objects.find(digits)
  if (found.length <= 1) return found[0]
  const kinds = await Promise.all(
    found.slice(0, 1000).map(async (id) => ({ id, kind: (await repo.objects.readAny(id)).kind })),
  )
  const wanted = kindsThatLeadTo(steps.length > 0 ? 'commit' : prefer)
  const fitting = kinds.filter(({ kind }) => wanted.has(kind))
  if (fitting.length === 1) return fitting[0]!.id
  const listed = (fitting.length > 0 ? fitting : kinds).slice(0, MAX_CANDIDATES)
  throw new VarveError('ambiguous-revision', `${text} fits ${found.length} objects`, {
    data: { revision: text, candidates: listed },
    hint: `more digits, of one of: ${listed.map(({ id, kind }) => `${id.slice(0, digits.length + 4)} (${kind})`).join(', ')}`,
  })
}

function kindsThatLeadTo(target: PeelTarget | undefined): Set<ObjectKind> {
  switch (target) {
    case 'commit':
      return new Set(['commit', 'tag'])
    case 'tree':
      return new Set(['tree', 'commit', 'tag'])
    case 'series':
      return new Set(['series'])
    case 'tag':
      return new Set(['tag'])
    default:
      return new Set()
  }
}

async function takeStep(
  repo: Repository,
  { text }: Revision,
  from: Id,
  step: RevisionStep,
): Promise<Id> {
  if (step.kind === 'peel') return peelObject(repo, from, step.to, text)
  let id = await peelObject(repo, from, 'commit', text)
  if (step.kind === 'parent') {
    if (step.number === 0) return id
    const parents = await parentsOf(repo, id)
    const parent = parents[step.number - 1]
    if (parent !== undefined) return parent
    throw notFound(text, `${short(id)} has ${count(parents.length, 'parent')}`, { commit: id })
  }
  for (let taken = 0; taken < step.count; taken++) {
    const [parent] = await parentsOf(repo, id)
    if (parent === undefined) {
      throw notFound(text, `history begins at ${short(id)}, ${count(taken, 'commit')} back`, {
        commit: id,
      })
    }
    id = parent
  }
  return id
}

async function parentsOf(repo: Repository, id: Id): Promise<readonly Id[]> {
  const { shallow } = await repo.refs.state()
  return shallow.has(id) ? [] : (await readCommit(repo.objects, id)).parents
}

/** The kind of an object; the empty tree need not be stored. */
async function kindOf(repo: Repository, id: Id, shown: string = id): Promise<ObjectKind> {
  const found = await repo.objects.readIfPresent(id)
  if (found !== undefined) return found.kind
  if (id === EMPTY_TREE) return 'tree'
  throw notFound(shown, `object ${id} is not here`, { id })
}

function count(number: number, noun: string): string {
  return number === 0 ? `no ${noun}` : `${number} ${noun}${number === 1 ? '' : 's'}`
}

function short(id: Id): string {
  return id.slice(0, 10)
}

function notFound(
  text: string,
  reason: string,
  data: Record<string, unknown> = {},
  near?: string,
): VarveError {
  return new VarveError('revision-not-found', `no revision ${JSON.stringify(text)}: ${reason}`, {
    data: { revision: text, reason, ...(near !== undefined && { nearest: near }), ...data },
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  })
}
