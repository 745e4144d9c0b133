import { headState } from './head.ts'
import { defaultRemote, findRemote, noRemote, type Remote } from './remote-config.ts'
import type { Repository } from './repository.ts'

/** Where refs and objects come from, and how it is reached. */
export interface FetchPlace {
  /** Undefined where a URL, a path or a bundle was named that configuration does not know. */
  readonly remote: Remote | undefined
  readonly url: string
  readonly configured: boolean
  /** What runs on the other side of ssh in place of `varve upload-pack`. */
  readonly uploadPack?: string | undefined
}

export interface FetchPlaceOptions {
  /** A remote's name, or where a repository or a bundle is. That of the current branch unless given. */
  readonly remote?: string | undefined
  readonly uploadPack?: string | undefined
}

/** The place that a name means, or that is meant where none is given; `ref-not-found` where there is none. */
export async function fetchPlace(
  repo: Repository,
  { remote: named, uploadPack }: FetchPlaceOptions,
): Promise<FetchPlace> {
  const branch = (await headState(repo)).ref?.replace('refs/heads/', '')
  const name = named ?? defaultRemote(repo, branch)
  const remote = findRemote(repo.config, name)
  if (remote !== undefined) {
    const { url } = remote
    return { remote, url, configured: true, uploadPack: uploadPack ?? remote.uploadPack }
  }
  if (named !== undefined) return { remote: undefined, url: named, configured: false, uploadPack }
  throw noRemote(name)
}
