import { type Commit, readCommit } from '../core/commit.ts'
import type { CommitDate } from '../core/commit-date.ts'
import { VarveError } from '../core/errors.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { readTag, type Tag } from '../core/tag.ts'
import { isAncestor } from './common-ancestors.ts'
import { type FoundRef, shortenRef } from './find-ref.ts'
import { readHead } from './head.ts'
import { listRefs, matchesRef } from './list-refs.ts'
import type { Repository } from './repository.ts'
import { peelObject, resolveCommit, resolveRevision } from './resolve-revision.ts'
import { upstreamIfAny } from './upstream.ts'

/** A ref with all that is asked of refs. */
export interface RefDetails {
  readonly name: string
  /** The shortest name that means it. */
  readonly short: string
  readonly id: Id
  readonly kind: ObjectKind
  /** Of a tag object: what it stands for, through any number of them. */
  readonly peeled?: { readonly id: Id; readonly kind: ObjectKind }
  /** Present when the ref is at a commit. */
  readonly commit?: Commit
  /** Present when the ref is at a tag object. */
  readonly tag?: Tag
  /** Of a tag object: the commit that it stands for. */
  readonly peeledCommit?: Commit
  /** Whether HEAD is on it. */
  readonly isHead: boolean
  /** Full name of the branch that it follows. */
  readonly upstream?: string
}

/** What refs can be sorted by; `-` in front turns the order round. */
export const refSortKeys = [
  'refname',
  'objectname',
  'objecttype',
  'committerdate',
  'authordate',
  'taggerdate',
  'creatordate',
  'version:refname',
] as const
export type RefSortKey = (typeof refSortKeys)[number]

export interface ForEachRefOptions {
  /** Full names, folders above them (`refs/heads`), or patterns with `*`. All refs if empty. */
  readonly patterns?: readonly string[]
  /** Keys in order of weight, as `-committerdate`; by name where they do not decide. */
  readonly sort?: readonly string[]
  readonly count?: number
  /** Only refs at this object, or tags that stand for it. */
  readonly pointsAt?: string
  /** Only refs from which this commit can be reached, or cannot. */
  readonly contains?: string
  readonly noContains?: string
  /** Only refs that can be reached from this commit, or cannot. */
  readonly merged?: string
  readonly noMerged?: string
  readonly now?: CommitDate
}

/** Refs with what they are at, sorted. Errors of revisions given as `resolveRevision`. */
export async function forEachRef(
  repo: Repository,
  options: ForEachRefOptions = {},
): Promise<RefDetails[]> {
  const { patterns = [], count = Infinity } = options
  const keys = (options.sort ?? []).map(parseSortKey)
  const state = await repo.refs.state()
  const head = await readHead(repo)
  const filter = await readFilter(repo, options)
  const fits = (name: string) =>
    patterns.length === 0 || patterns.some((pattern) => matchesRef(pattern, name))
  const found: RefDetails[] = []
  for (const ref of listRefs(state, fits)) {
    const details = {
      ...(await readDetails(repo, ref)),
      short: shortenRef(state, ref.name),
      isHead: 'ref' in head && head.ref === ref.name,
    }
    if (await filter(details)) found.push(details)
  }
  if (keys.length > 0) found.sort((a, b) => compareRefs(a, b, keys))
  return found.slice(0, count)
}

async function readDetails(
  repo: Repository,
  { name, id }: FoundRef,
): Promise<Omit<RefDetails, 'short' | 'isHead'>> {
  const { kind } = await repo.objects.readAny(id)
  const upstream = upstreamIfAny(repo, name)
  const base = { name, id, kind, ...(upstream !== undefined && { upstream }) }
  if (kind === 'commit') return { ...base, commit: await readCommit(repo.objects, id) }
  if (kind !== 'tag') return base
  const tag = await readTag(repo.objects, id)
  const peeledId = await peelObject(repo, id, 'any', name)
  const peeled = { id: peeledId, kind: (await repo.objects.readAny(peeledId)).kind }
  if (peeled.kind !== 'commit') return { ...base, tag, peeled }
  return { ...base, tag, peeled, peeledCommit: await readCommit(repo.objects, peeledId) }
}

async function readFilter(
  repo: Repository,
  options: ForEachRefOptions,
): Promise<(details: RefDetails) => Promise<boolean>> {
  const now = { now: options.now }
  const commit = async (text: string | undefined) =>
    text === undefined ? undefined : resolveCommit(repo, text, now)
  const pointsAt =
    options.pointsAt === undefined
      ? undefined
      : (await resolveRevision(repo, options.pointsAt, now)).id
  const contains = await commit(options.contains)
  const noContains = await commit(options.noContains)
  const merged = await commit(options.merged)
  const noMerged = await commit(options.noMerged)
  const needsCommit = [contains, noContains, merged, noMerged].some((id) => id !== undefined)
  const { shallow } = await repo.refs.state()
  const reaches = (from: Id, to: Id) => isAncestor(repo.objects, to, from, shallow)
  return async (details) => {
    if (pointsAt !== undefined && details.id !== pointsAt && details.peeled?.id !== pointsAt) {
      return false
    }
    if (!needsCommit) return true
    const id = details.commit ? details.id : details.peeledCommit && details.peeled?.id
    if (id === undefined) return false
    if (contains !== undefined && !(await reaches(id, contains))) return false
    if (noContains !== undefined && (await reaches(id, noContains))) return false
    if (merged !== undefined && !(await reaches(merged, id))) return false
    return noMerged === undefined || !(await reaches(noMerged, id))
  }
}

interface SortKey {
  readonly key: RefSortKey
  readonly sign: 1 | -1
}

function parseSortKey(text: string): SortKey {
  const sign = text.startsWith('-') ? -1 : 1
  const name = (sign === -1 ? text.slice(1) : text).replace(/^v:/, 'version:')
  const key = refSortKeys.find((known) => known === name)
  if (key !== undefined) return { key, sign }
  throw new VarveError('usage', `refs cannot be sorted by ${JSON.stringify(text)}`, {
    data: { value: text, expected: refSortKeys },
    hint: `one of ${refSortKeys.join(', ')}`,
  })
}

function compareRefs(a: RefDetails, b: RefDetails, keys: readonly SortKey[]): number {
  for (const { key, sign } of keys) {
    const order = compareBy(key, a, b)
    if (order !== 0) return order * sign
  }
  // What is left keeps the order of names.
  return 0
}

function compareBy(key: RefSortKey, a: RefDetails, b: RefDetails): number {
  switch (key) {
    case 'refname':
      return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name))
    case 'version:refname':
      return compareVersions(a.name, b.name)
    case 'objectname':
      return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
    case 'objecttype':
      return a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : 0
    case 'committerdate':
      return dateOf(a.commit?.committer) - dateOf(b.commit?.committer)
    case 'authordate':
      return dateOf(a.commit?.author) - dateOf(b.commit?.author)
    case 'taggerdate':
      return dateOf(a.tag?.tagger) - dateOf(b.tag?.tagger)
    case 'creatordate':
      return dateOf(creatorOf(a)) - dateOf(creatorOf(b))
  }
}

/** Who made what the ref is at: the tagger of a tag, the committer of a commit. */
function creatorOf({ tag, commit }: RefDetails): CommitDate | undefined {
  return tag?.tagger ?? commit?.committer
}

/** What has no date is older than all that has one. */
function dateOf(date: CommitDate | undefined): number {
  return date?.seconds ?? Number.MIN_SAFE_INTEGER
}

/** Runs of digits compare as numbers: `v1.9` before `v1.10`. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((name) => name.split(/(\d+)/)) as [string[], string[]]
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const [one, other] = [left[at]!, right[at]!]
    if (one === other) continue
    const difference = at % 2 === 1 ? BigInt(one) - BigInt(other) : 0n
    if (difference !== 0n) return difference < 0n ? -1 : 1
    return one < other ? -1 : 1
  }
  return left.length - right.length
}
