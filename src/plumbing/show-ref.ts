import type { Id } from '../core/id.ts'
import { headState } from './head.ts'
import { listRefs } from './list-refs.ts'
import type { Repository } from './repository.ts'
import { peelObject } from './resolve-revision.ts'

export interface ShowRefOptions {
  /** Last parts of names: `main` fits `refs/heads/main`. All refs if empty. */
  readonly patterns?: readonly string[]
  /** Patterns are full names, and nothing else fits. */
  readonly verify?: boolean
  /** Only branches; with `tags`, both. */
  readonly heads?: boolean
  readonly tags?: boolean
  /** HEAD too. */
  readonly head?: boolean
  /** Also what tags stand for, as `NAME^{}`. */
  readonly dereference?: boolean
}

export interface ShownRef {
  readonly name: string
  readonly id: Id
}

/** Refs and where they are, by name. None found is an empty list. */
export async function showRef(repo: Repository, options: ShowRefOptions = {}): Promise<ShownRef[]> {
  const { patterns = [], verify = false, heads = false, tags = false } = options
  const fits = (name: string) =>
    patterns.length === 0 ||
    patterns.some((pattern) => name === pattern || (!verify && name.endsWith(`/${pattern}`)))
  const inPlace = (name: string) =>
    heads === tags
      ? !heads || name.startsWith('refs/heads/') || name.startsWith('refs/tags/')
      : name.startsWith(heads ? 'refs/heads/' : 'refs/tags/')
  const shown: ShownRef[] = []
  if (options.head || (verify && patterns.includes('HEAD'))) {
    const { id } = await headState(repo)
    if (id !== undefined) shown.push({ name: 'HEAD', id })
  }
  for (const ref of listRefs(await repo.refs.state(), (name) => fits(name) && inPlace(name))) {
    shown.push(ref)
    if (!options.dereference) continue
    const peeled = await peelObject(repo, ref.id, 'any', ref.name)
    if (peeled !== ref.id) shown.push({ name: `${ref.name}^{}`, id: peeled })
  }
  return shown
}
