import { VarveError } from '../core/errors.ts'
import { mapByAll, unmapRef } from '../core/refspec.ts'
import { findRemote, remoteNames } from './remote-config.ts'
import type { Repository } from './repository.ts'

const BRANCHES = 'refs/heads/'

/** What a branch follows. */
export interface Upstream {
  /** The remote's name, or `.` for this repository itself. */
  readonly remote: string
  /** The full name that the followed ref has there. */
  readonly merge: string
  /** The full name of the ref here that shows it; undefined where no refspec fetches it. */
  readonly ref: string | undefined
}

/**
 * What a branch follows, from `branch.NAME.remote` and `branch.NAME.merge`; undefined when it follows
 * none, and for all that is no branch.
 */
export function readUpstream(repo: Repository, branch: string): Upstream | undefined {
  if (!branch.startsWith(BRANCHES)) return undefined
  const name = branch.slice(BRANCHES.length)
  const remote = repo.config.get(`branch.${name}.remote`)
  const merge = repo.config.get(`branch.${name}.merge`)
  if (!remote || !merge) return undefined
  if (remote === '.') return { remote, merge, ref: merge }
  return { remote, merge, ref: trackingRef(repo, remote, merge) }
}

/** The ref here that shows a ref of a remote; undefined where no refspec fetches it. */
export function trackingRef(repo: Repository, remote: string, ref: string): string | undefined {
  const fetch = repo.config.keys().includes(`remote.${remote}.url`)
    ? findRemote(repo.config, remote)?.fetch
    : undefined
  if (fetch !== undefined) return mapByAll(fetch, ref)
  // Its section is gone, or not there yet: what `remote add` would say.
  return ref.startsWith(BRANCHES)
    ? `refs/remotes/${remote}/${ref.slice(BRANCHES.length)}`
    : undefined
}

/** What following a ref here means: that of a remote which it shows, or a branch of this repository. */
export function followedBy(
  repo: Repository,
  ref: string,
): Pick<Upstream, 'remote' | 'merge'> | undefined {
  if (ref.startsWith(BRANCHES)) return { remote: '.', merge: ref }
  for (const name of remoteNames(repo.config)) {
    for (const refspec of findRemote(repo.config, name)?.fetch ?? []) {
      const merge = refspec.negative ? undefined : unmapRef(refspec, ref)
      if (merge !== undefined) return { remote: name, merge }
    }
  }
  return undefined
}

/** The full name of the ref that a branch follows; undefined when it follows none. */
export function upstreamIfAny(repo: Repository, branch: string): string | undefined {
  return readUpstream(repo, branch)?.ref
}

/** As {@link upstreamIfAny}; `ref-not-found` when the branch follows none. */
export function upstreamOf(repo: Repository, branch: string): string {
  const upstream = upstreamIfAny(repo, branch)
  if (upstream !== undefined) return upstream
  throw new VarveError('ref-not-found', `${branch} follows no other branch`, {
    data: { ref: branch },
    hint: 'varve branch --set-upstream-to=origin/main lets it follow that',
  })
}

/** The remote that a push of a branch goes to unless one is named; undefined where none is set. */
export function pushRemoteOf(repo: Repository, branch: string | undefined): string | undefined {
  const own = branch === undefined ? undefined : repo.config.get(`branch.${branch}.pushRemote`)
  return own || repo.config.get('remote.pushDefault') || undefined
}

/** The full name of the ref that shows where a push of the branch goes; `ref-not-found` where it goes nowhere. */
export function pushTrackingRef(repo: Repository, branch: string): string {
  const short = branch.startsWith(BRANCHES) ? branch.slice(BRANCHES.length) : undefined
  const upstream = readUpstream(repo, branch)
  const remote = pushRemoteOf(repo, short) ?? upstream?.remote
  const isUpstream = remote === upstream?.remote && repo.config.get('push.default') === 'upstream'
  const ref =
    short === undefined || remote === undefined || remote === '.'
      ? undefined
      : isUpstream
        ? upstream?.ref
        : trackingRef(repo, remote, branch)
  if (ref !== undefined) return ref
  throw new VarveError('ref-not-found', `${branch} is pushed nowhere`, {
    data: { ref: branch },
    hint: short === undefined ? 'go to a branch first' : `varve push -u origin ${short}`,
  })
}
