import type { Id } from '../core/id.ts'
import { readTag } from '../core/tag.ts'
import { readHead } from '../plumbing/head.ts'
import { listRefs } from '../plumbing/list-refs.ts'
import type { Repository } from '../plumbing/repository.ts'

/** A name that leads to a commit; or that history ends there, as its parents are left out. */
export interface Decoration {
  readonly kind: 'head' | 'tag' | 'remote' | 'branch' | 'other' | 'grafted'
  /** As git writes it: `HEAD`, `main`, `origin/main`, `v1`. */
  readonly name: string
  /** Of HEAD, where it is on a branch: the branch. */
  readonly branch?: string
}

export type Decorations = ReadonlyMap<Id, readonly Decoration[]>

/** The names of commits: where a shallow history ends first, then HEAD, then tags, remote branches and branches. */
export async function readDecorations(repo: Repository): Promise<Decorations> {
  const state = await repo.refs.state()
  const head = await readHead(repo)
  const found = new Map<Id, Decoration[]>()
  const add = (id: Id, decoration: Decoration): void => {
    const names = found.get(id)
    if (names === undefined) found.set(id, [decoration])
    else names.push(decoration)
  }
  for (const id of state.shallow) add(id, { kind: 'grafted', name: 'grafted' })
  if ('id' in head) add(head.id, { kind: 'head', name: 'HEAD' })
  else {
    const id = state.refs.get(head.ref)
    const branch = head.ref.replace(/^refs\/heads\//, '')
    if (id !== undefined) add(id, { kind: 'head', name: 'HEAD', branch })
  }
  const refs = listRefs(state).map((ref) => ({ ...ref, ...describe(ref.name) }))
  for (const kind of ['tag', 'remote', 'branch', 'other'] as const) {
    for (const { name: ref, id, short, kind: own } of refs) {
      if (own !== kind || ('ref' in head && ref === head.ref)) continue
      add(kind === 'tag' ? await tagged(repo, id) : id, { kind, name: short })
    }
  }
  return found
}

function describe(ref: string): { kind: Decoration['kind']; short: string } {
  const match = /^refs\/(heads|tags|remotes)\/(.*)$/.exec(ref)
  const kind = match?.[1] === 'heads' ? 'branch' : match?.[1] === 'tags' ? 'tag' : 'remote'
  return match === null ? { kind: 'other', short: ref } : { kind, short: match[2]! }
}

/** What a tag stands for. */
async function tagged(repo: Repository, from: Id): Promise<Id> {
  let id = from
  while ((await repo.objects.readIfPresent(id))?.kind === 'tag') {
    id = (await readTag(repo.objects, id)).object
  }
  return id
}

/** `HEAD -> main, tag: v1, origin/main`. */
export function decorationText(
  decorations: readonly Decoration[],
  paint: (text: string, kind: Decoration['kind']) => string = (text) => text,
): string {
  return decorations
    .map(({ kind, name, branch }) => {
      if (branch !== undefined) return `${paint(`${name} -> `, 'head')}${paint(branch, 'branch')}`
      return paint(kind === 'tag' ? `tag: ${name}` : name, kind)
    })
    .join(', ')
}
