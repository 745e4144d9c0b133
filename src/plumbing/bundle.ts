import { VarveError } from '../core/errors.ts'
import type { Id } from '../core/id.ts'
import { parseRevisionRange, type RevisionRange } from '../core/revision.ts'
import { lookAtPath, readFileRange } from '../storage/read-file.ts'
import { type BundleFile, isBundle, openBundle, writeBundle } from '../transport/bundle.ts'
import { openRemoteSession } from '../transport/open-session.ts'
import type { LocalRepository, RemoteRef, RemoteSession } from '../transport/remote-session.ts'
import { isAncestor } from './common-ancestors.ts'
import { findRefs } from './find-ref.ts'
import { headState } from './head.ts'
import type { Repository } from './repository.ts'
import { resolveRange } from './resolve-range.ts'
import { peelObject, type ResolveOptions } from './resolve-revision.ts'

export interface BundleSelection extends ResolveOptions {
  /** Branches and tags, and what is left out: `main`, `v1..main`, `^v1`. */
  readonly revisions: readonly string[]
  /** All branches and tags. */
  readonly all?: boolean | undefined
  readonly branches?: boolean | undefined
  readonly tags?: boolean | undefined
}

export interface PlannedBundle {
  readonly refs: readonly RemoteRef[]
  /** Full name of its default branch. */
  readonly head: string
  /** Commits that a reader must have. */
  readonly needs: readonly Id[]
}

/** What a bundle is to hold. `refused` where it would hold no ref. */
export async function planBundle(
  repo: Repository,
  selection: BundleSelection,
): Promise<PlannedBundle> {
  const state = await repo.refs.state()
  const head = (await headState(repo)).ref ?? state.head
  const { revisions, all, branches = all, tags = all } = selection
  const names = new Set<string>()
  for (const name of state.refs.keys()) {
    if ((branches && name.startsWith('refs/heads/')) || (tags && name.startsWith('refs/tags/'))) {
      names.add(name)
    }
  }
  for (const word of revisions) {
    for (const name of namesIn(parseRevisionRange(word))) {
      const found = name === 'HEAD' ? head : findRefs(state, name)[0]?.name
      if (found !== undefined && state.refs.has(found)) names.add(found)
    }
  }
  const { exclude } = await resolveRange(repo, revisions, selection)
  const refs: RemoteRef[] = []
  const needs = new Set<Id>()
  for (const name of [...names].sort()) {
    const id = state.refs.get(name)!
    const peeled = await peelObject(repo, id, 'any', name)
    refs.push({ name, id, ...(peeled !== id && { peeled }) })
    if ((await repo.objects.readAny(peeled)).kind !== 'commit') continue
    for (const base of exclude) {
      if (await isAncestor(repo.objects, base, peeled, state.shallow)) needs.add(base)
    }
  }
  if (refs.length > 0) return { refs, head, needs: [...needs] }
  throw new VarveError('refused', 'a bundle of no branch or tag would be of no use', {
    hint: 'varve bundle create FILE main, or --all',
  })
}

/** The names that a word includes; a range includes its end. */
function namesIn(range: RevisionRange): string[] {
  switch (range.kind) {
    case 'include':
      return range.revision.steps.length > 0 ? [] : [range.revision.name]
    case 'range':
      return range.to.steps.length > 0 ? [] : [range.to.name]
    case 'symmetric':
      return [range.left, range.right].flatMap(({ steps, name }) =>
        steps.length > 0 ? [] : [name],
      )
    default:
      return []
  }
}

/** The bytes of a bundle. */
export function bundleBytes(
  repo: Repository,
  planned: PlannedBundle,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly onObjects?: (objects: number, bytes: number, total: number) => void
  } = {},
): AsyncIterable<Uint8Array> {
  return writeBundle(repo, { ...planned, ...options })
}

/** The file at a path, if it is that of a bundle. */
export async function bundleAt(path: string): Promise<BundleFile | undefined> {
  const found = lookAtPath(path)
  if (found?.kind !== 'file') return undefined
  const file = bundleFile(path, found.size)
  return (await isBundle(file)) ? file : undefined
}

function bundleFile(path: string, size: number): BundleFile {
  return { location: path, size, range: (from, to) => readFileRange(path, from, to) }
}

/** What a bundle says that it holds. */
export interface ListedBundle extends PlannedBundle {
  /** Those of them that are not here: nothing can be fetched from it until they are. */
  readonly missing: readonly Id[]
}

/**
 * A session with a bundle, as with a repository that only gives. `refused` for a fetch where commits are missing here
 * that it needs; `bad-input` for a file that is none.
 */
export async function openBundleSession(
  repo: LocalRepository,
  path: string,
  options: { readonly signal?: AbortSignal | undefined } = {},
): Promise<RemoteSession & { listing(): Promise<ListedBundle> }> {
  const found = lookAtPath(path)
  if (found === undefined) {
    throw new VarveError('file-not-found', `there is no file ${path}`, { data: { path } })
  }
  const { needs, carrier } = await openBundle(bundleFile(path, found.size), options)
  const session = openRemoteSession(repo, carrier)
  const missing = async (): Promise<Id[]> => {
    const state = await repo.refs.state()
    const lost: Id[] = []
    for (const id of needs) {
      const pack = await repo.objects.packOf(id, state)
      if (pack === undefined || !state.packs.has(pack)) lost.push(id)
    }
    return lost
  }
  return {
    location: session.location,
    list: (listing) => session.list(listing),
    push: (request) => session.push(request),
    close: () => session.close(),
    async fetch(request) {
      const lost = await missing()
      if (lost.length > 0) {
        throw new VarveError('refused', `${path} needs commits that are not here`, {
          data: { missing: lost },
          hint: 'fetch those first: the bundle holds only what came after them',
        })
      }
      // All that is in it comes, so all of it is looked through.
      const { refs } = await session.list()
      return session.fetch({ ...request, wants: [...new Set(refs.map(({ id }) => id))] })
    },
    async listing() {
      const { refs, head } = await session.list()
      return { refs, head, needs, missing: await missing() }
    },
  }
}
