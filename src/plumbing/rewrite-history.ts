import { type Commit, readCommit, writeCommit } from '../core/commit.ts'
import type { Id, ObjectKind } from '../core/id.ts'
import { readTag, writeTag } from '../core/tag.ts'
import type { RefUpdate } from '../storage/log-entry.ts'
import type { ObjectBatch } from '../storage/object-batch.ts'
import type { Repository } from './repository.ts'

/** What takes the place of what. */
export interface RewrittenHistory {
  /** Of each commit and annotated tag that is another now, the old id to the new one. */
  readonly ids: ReadonlyMap<Id, Id>
  /** Old ids of those among them that are tags. */
  readonly tags: ReadonlySet<Id>
  /** The commits and annotated tags that refs led to. */
  readonly seen: ReadonlySet<Id>
  readonly updates: readonly RefUpdate[]
  /** Refs that name data itself, not a commit, and stay where they are. */
  readonly others: readonly string[]
  /** Commits looked at. */
  readonly commits: number
  readonly shallow: { readonly added: readonly Id[]; readonly removed: readonly Id[] }
}

export interface RewriteOptions {
  /** The tree to have instead of one; asked once for each. */
  readonly treeOf?: (tree: Id) => Promise<Id>
  /** The commits to have as parents instead of a commit's own; not asked where those are left out already. */
  readonly parentsOf?: (id: Id, commit: Commit) => readonly Id[]
}

/**
 * Makes all commits that refs lead to again, with other trees or parents: authors, committers, dates and messages stay.
 * What does not change, with all before it, keeps its id. New objects go to `batch`; no ref moves.
 */
export async function rewriteHistory(
  repo: Repository,
  batch: ObjectBatch,
  { treeOf = async (tree) => tree, parentsOf = (_, { parents }) => parents }: RewriteOptions,
): Promise<RewrittenHistory> {
  const { refs, shallow } = await repo.refs.state()
  const trees = new Map<Id, Id>()
  const ids = new Map<Id, Id>()
  const tags = new Set<Id>()
  let commits = 0
  const newTree = async (tree: Id): Promise<Id> => {
    const known = trees.get(tree)
    if (known !== undefined) return known
    const next = await treeOf(tree)
    trees.set(tree, next)
    return next
  }
  const rewriteCommits = async (tip: Id): Promise<Id> => {
    const pending = [tip]
    for (let id = pending.at(-1); id !== undefined; id = pending.at(-1)) {
      const commit = await readCommit(batch, id)
      const isCut = shallow.has(id)
      const older = isCut ? [] : parentsOf(id, commit)
      const missing = older.filter((parent) => !ids.has(parent))
      if (!ids.has(id) && missing.length > 0) {
        pending.push(...missing)
        continue
      }
      pending.pop()
      if (ids.has(id)) continue
      commits++
      const parents = isCut ? commit.parents : older.map((parent) => ids.get(parent)!)
      const tree = await newTree(commit.tree)
      const isSame =
        tree === commit.tree &&
        parents.length === commit.parents.length &&
        parents.every((parent, at) => parent === commit.parents[at])
      ids.set(id, isSame ? id : await writeCommit(batch, { ...commit, tree, parents }))
    }
    return ids.get(tip)!
  }
  const rewrite = async (kind: ObjectKind, id: Id): Promise<Id> => {
    if (kind === 'commit') return rewriteCommits(id)
    if (kind === 'tree') return newTree(id)
    if (kind !== 'tag') return id
    const tag = await readTag(batch, id)
    const object = await rewrite(tag.kind, tag.object)
    const next = object === tag.object ? id : await writeTag(batch, { ...tag, object })
    ids.set(id, next)
    tags.add(id)
    return next
  }
  const updates: RefUpdate[] = []
  const others: string[] = []
  for (const [name, id] of refs) {
    const next = await rewrite((await batch.readAny(id)).kind, id)
    if (next !== id) updates.push({ name, old: id, new: next })
    else if (!(await leadsToCommit(batch, id))) others.push(name)
  }
  const changed = new Map([...ids].filter(([id, next]) => id !== next))
  const removed = [...shallow].filter((id) => changed.has(id))
  return {
    ids: changed,
    tags: new Set([...changed.keys()].filter((id) => tags.has(id))),
    seen: new Set(ids.keys()),
    updates,
    others,
    commits,
    shallow: { added: removed.map((id) => changed.get(id)!), removed },
  }
}

async function leadsToCommit(batch: ObjectBatch, id: Id): Promise<boolean> {
  const { kind } = await batch.readAny(id)
  return kind === 'tag'
    ? leadsToCommit(batch, (await readTag(batch, id)).object)
    : kind === 'commit'
}
