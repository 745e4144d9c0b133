import type { Id, ObjectKind } from '../core/id.ts'
import type { ProllyNode } from '../core/prolly.ts'
import { isLeaf, readChild } from '../core/prolly-node.ts'
import { walkReferences } from '../core/references.ts'
import { parseRevisionRange } from '../core/revision.ts'
import { readTag } from '../core/tag.ts'
import { nameFormat, readTreeRoot, type TreeEntry } from '../core/tree.ts'
import { type Plan, planObjects } from '../transport/missing-objects.ts'
import type { Repository } from './repository.ts'
import { type RefSelection, resolveRange, selectRefs } from './resolve-range.ts'
import { resolveRevision } from './resolve-revision.ts'
import { type RevListOptions, revList } from './rev-list.ts'
import type { WalkedCommit } from './walk-commits.ts'

/** Which objects are meant: what revisions lead to and what others, which are left out, do not. */
export interface ListObjectsOptions
  extends RefSelection,
    Pick<RevListOptions, 'now' | 'order' | 'reverse'> {
  /** `A`, `A..B`, `^A`, … */
  readonly revisions?: readonly string[]
}

/** A commit, or an object that one leads to. */
export type ListedObject =
  | { readonly kind: 'commit'; readonly id: Id; readonly walked: WalkedCommit }
  | {
      readonly kind: Exclude<ObjectKind, 'commit'>
      readonly id: Id
      /** The series or collection that it belongs to, or the name of a tag; empty for the tree of a commit. */
      readonly path: string
    }

/**
 * The commits that {@link revList} gives, then annotated tags that were named, then all that the commits lead to and
 * those left out do not, the newest first; each object once. Memory grows by some 300 bytes an object.
 */
export async function* listObjects(
  repo: Repository,
  options: ListObjectsOptions,
): AsyncGenerator<ListedObject> {
  const commits: WalkedCommit[] = []
  for await (const walked of revList(repo, options)) {
    yield { kind: 'commit', id: walked.id, walked }
    commits.push(walked)
  }
  const { include, exclude } = await resolveRange(repo, options.revisions ?? [], options)
  include.push(...(await selectRefs(repo, options)))
  const tags = await tagsMeant(repo, options)
  const { shallow } = await repo.refs.state()
  const wants = [...include, ...tags.keys()]
  const theirShallow = new Set<Id>()
  const plan = await planObjects(repo.objects, { wants, held: exclude, shallow, theirShallow })
  for (const [id, path] of tags) if (plan.has(id)) yield { kind: 'tag', id, path }
  const walk = new Walk(repo, plan)
  for (const { commit } of commits) yield* walk.tree(commit.tree, '')
}

/** Annotated tags that words and the choice of refs mean, and those that they lead to, with their names. */
async function tagsMeant(repo: Repository, options: ListObjectsOptions): Promise<Map<Id, string>> {
  const found = new Map<Id, string>()
  const enter = async (first: Id, kind: ObjectKind): Promise<void> => {
    let [id, at] = [first, kind]
    while (at === 'tag' && !found.has(id)) {
      const tag = await readTag(repo.objects, id)
      found.set(id, tag.name)
      id = tag.object
      at = tag.kind
    }
  }
  for (const word of options.revisions ?? []) {
    const range = parseRevisionRange(word)
    if (range.kind !== 'include') continue
    const { id, kind } = await resolveRevision(repo, range.revision, { now: options.now })
    await enter(id, kind)
  }
  if (options.all || options.tags) {
    for (const [name, id] of (await repo.refs.state()).refs) {
      const isMeant = options.all || name.startsWith('refs/tags/')
      if (isMeant) await enter(id, (await repo.objects.readAny(id)).kind)
    }
  }
  return found
}

/** Goes down from trees through what is planned: what is not, is left out with all that it leads to. */
class Walk {
  readonly #repo: Repository
  readonly #plan: Plan
  readonly #seen = new Set<Id>()

  constructor(repo: Repository, plan: Plan) {
    this.#repo = repo
    this.#plan = plan
  }

  async *tree(id: Id, path: string): AsyncGenerator<ListedObject> {
    if (!this.#enters(id)) return
    yield { kind: 'tree', id, path }
    yield* this.#names(await readTreeRoot(this.#repo.objects, id), path)
  }

  #enters(id: Id): boolean {
    if (!this.#plan.has(id) || this.#seen.has(id)) return false
    this.#seen.add(id)
    return true
  }

  async *#names(node: ProllyNode<TreeEntry>, path: string): AsyncGenerator<ListedObject> {
    if (!isLeaf(node)) {
      for (const entry of node.entries) {
        if (!this.#enters(entry.child)) continue
        yield { kind: 'tree', id: entry.child, path }
        const child = await readChild(this.#repo.objects, nameFormat, node.level, entry)
        yield* this.#names(child, path)
      }
      return
    }
    for (const { value } of node.entries) {
      const { name, id, kind, settings } = value
      const inner = path === '' ? name : `${path}/${name}`
      if (settings !== undefined && this.#enters(settings)) {
        yield { kind: 'settings', id: settings, path: inner }
      }
      if (kind === 'tree') yield* this.tree(id, inner)
      else yield* this.#series(id, inner)
    }
  }

  async *#series(id: Id, path: string): AsyncGenerator<ListedObject> {
    const found: ListedObject[] = []
    await walkReferences(this.#repo.objects, { kind: 'series', id }, async (reference) => {
      if (!this.#enters(reference.id)) return false
      const { kind } = reference
      if (kind !== 'commit') found.push({ kind, id: reference.id, path })
      return true
    })
    yield* found
  }
}
