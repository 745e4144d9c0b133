import { readCommit } from '../core/commit.ts'
import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { parseRevisionRange, type Revision } from '../core/revision.ts'
import { bestCommonAncestors } from './common-ancestors.ts'
import { headState } from './head.ts'
import type { Repository } from './repository.ts'
import { peelObject, type ResolveOptions, resolveCommit } from './resolve-revision.ts'

/** Where a walk starts and what it leaves out. */
export interface CommitSet {
  readonly include: Id[]
  readonly exclude: Id[]
}

export interface RefSelection {
  /** HEAD and all refs that lead to commits. */
  readonly all?: boolean
  readonly branches?: boolean
  readonly tags?: boolean
  readonly remotes?: boolean
}

/**
 * The commits that words such as `A..B`, `A...B`, `^A`, `A^@`, `A^!` and `A` mean together.
 * Errors as `resolveRevision`.
 */
export async function resolveRange(
  repo: Repository,
  words: readonly string[],
  options: ResolveOptions = {},
): Promise<CommitSet> {
  const include: Id[] = []
  const exclude: Id[] = []
  const resolve = (revision: Revision) => resolveCommit(repo, revision, options)
  for (const word of words) {
    const range = parseRevisionRange(word)
    switch (range.kind) {
      case 'include':
        include.push(await resolve(range.revision))
        break
      case 'exclude':
        exclude.push(await resolve(range.revision))
        break
      case 'range':
        exclude.push(await resolve(range.from))
        include.push(await resolve(range.to))
        break
      case 'symmetric': {
        const [left, right] = [await resolve(range.left), await resolve(range.right)]
        include.push(left, right)
        const { shallow } = await repo.refs.state()
        exclude.push(...(await bestCommonAncestors(repo.objects, left, [right], shallow)))
        break
      }
      case 'parents':
        include.push(...(await parentsOf(repo, await resolve(range.revision))))
        break
      case 'own': {
        const id = await resolve(range.revision)
        const parents = await parentsOf(repo, id)
        include.push(id)
        if (range.parent === undefined) exclude.push(...parents)
        else exclude.push(parentAt(parents, range.parent, word))
      }
    }
  }
  return { include, exclude }
}

/** The commits that the chosen refs lead to; tags of anything else are left out. */
export async function selectRefs(repo: Repository, selection: RefSelection): Promise<Id[]> {
  const { all = false, branches = false, tags = false, remotes = false } = selection
  const places = [
    ...(all ? ['refs/'] : []),
    ...(branches ? ['refs/heads/'] : []),
    ...(tags ? ['refs/tags/'] : []),
    ...(remotes ? ['refs/remotes/'] : []),
  ]
  const found = new Set<Id>()
  const head = all ? (await headState(repo)).id : undefined
  if (head !== undefined) found.add(head)
  for (const [name, id] of (await repo.refs.state()).refs) {
    if (!places.some((place) => name.startsWith(place))) continue
    const commit = await commitBehind(repo, id)
    if (commit !== undefined) found.add(commit)
  }
  return [...found]
}

async function commitBehind(repo: Repository, id: Id): Promise<Id | undefined> {
  const { kind } = await repo.objects.readAny(id)
  if (kind === 'commit') return id
  if (kind !== 'tag') return undefined
  const peeled = await peelObject(repo, id, 'any')
  return (await repo.objects.readAny(peeled)).kind === 'commit' ? peeled : undefined
}

async function parentsOf(repo: Repository, id: Id): Promise<readonly Id[]> {
  const { shallow } = await repo.refs.state()
  return shallow.has(id) ? [] : (await readCommit(repo.objects, id)).parents
}

function parentAt(parents: readonly Id[], number: number, word: string): Id {
  const parent = parents[number - 1]
  if (parent !== undefined) return parent
  throw new VarveError(
    'revision-not-found',
    `no revision ${JSON.stringify(word)}: no such parent`,
    {
      data: { revision: word },
    },
  )
}
