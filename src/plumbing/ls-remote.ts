import type { Id } from '../core/id.ts'
import type { Connect } from './connect.ts'
import { fetchPlace } from './fetch-place.ts'
import { createMemoryRepository } from './memory-repository.ts'
import type { Repository } from './repository.ts'

export interface LsRemoteOptions {
  /** A URL, a path, a bundle, or a remote of the repository; the one that `fetch` means unless given. */
  readonly remote?: string | undefined
  readonly connect: Connect
  /** What runs on the other side of ssh in place of what configuration says, and of `varve upload-pack`. */
  readonly uploadPack?: string | undefined
  /** Only branches; with `tags`, those too. */
  readonly heads?: boolean | undefined
  readonly tags?: boolean | undefined
  /** Only refs whose name is one of these, or ends in `/` and one of these. */
  readonly names?: readonly string[] | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ListedRef {
  readonly ref: string
  readonly id: Id
  /** The commit that an annotated tag leads to. */
  readonly peeled?: Id
}

/**
 * The refs of another repository, by their names, its default branch as HEAD first. Nothing is fetched.
 * Errors as `fetchPlace`.
 */
export async function* lsRemote(
  repo: Repository | undefined,
  { remote, connect, uploadPack, heads, tags, names = [], signal }: LsRemoteOptions,
): AsyncGenerator<ListedRef> {
  const asking = repo ?? createMemoryRepository()
  const session = await connect(asking, await fetchPlace(asking, { remote, uploadPack }))
  try {
    const { refs, head } = await session.list({ signal })
    const isAll = !heads && !tags
    const isNamed = (ref: string): boolean =>
      names.length === 0 || names.some((name) => ref === name || ref.endsWith(`/${name}`))
    const main = refs.find(({ name }) => name === head)
    if (isAll && main !== undefined && isNamed('HEAD')) yield { ref: 'HEAD', id: main.id }
    for (const { name: ref, id, peeled } of refs) {
      const isAsked =
        isAll || (heads && ref.startsWith('refs/heads/')) || (tags && ref.startsWith('refs/tags/'))
      if (isAsked && isNamed(ref)) yield { ref, id, ...(peeled && { peeled }) }
    }
  } finally {
    await session.close()
  }
}
