import {
  addConfig,
  removeConfigSection,
  renameConfigSection,
  setConfig,
  unsetConfig,
} from '../core/config-file.ts'
import { VarveError } from '../core/errors.ts'
import { isRefName } from '../core/names.ts'
import { nearest } from '../core/nearest.ts'
import { parseFetchRefspec, type Refspec } from '../core/refspec.ts'
import { shownUrl } from '../transport/remote-url.ts'
import type { Repository, RepositoryConfig } from './repository.ts'

/** What configuration says of a remote. */
export interface Remote {
  readonly name: string
  readonly url: string
  /** Where it is pushed to. */
  readonly pushUrl: string
  readonly fetch: readonly Refspec[]
  readonly tags: 'all' | 'none' | 'follow'
  /** Whether a push makes all refs there as they are here. */
  readonly mirror: boolean
  /** Commands there in place of `upload-pack` and `receive-pack`. */
  readonly uploadPack?: string
  readonly receivePack?: string
}

const REMOTE_KEY = /^remote\.(.+)\.[a-z]+$/s

/** Names of the remotes that configuration knows, sorted. */
export function remoteNames(config: RepositoryConfig): string[] {
  const names = config.keys().flatMap((key) => REMOTE_KEY.exec(key)?.[1] ?? [])
  return [...new Set(names)].sort()
}

/** A remote by its name; undefined where configuration knows none of it. */
export function findRemote(config: RepositoryConfig, name: string): Remote | undefined {
  if (!remoteNames(config).includes(name)) return undefined
  checkRemoteName(name)
  const get = (key: string) => config.get(`remote.${name}.${key}`) || undefined
  const url = get('url')
  if (url === undefined) {
    throw new VarveError('bad-input', `the remote ${name} has no URL`, {
      data: { remote: name },
      hint: `varve remote set-url ${name} URL`,
    })
  }
  const tagOption = get('tagOpt')
  const [uploadPack, receivePack] = [get('uploadPack'), get('receivePack')]
  return {
    name,
    url,
    pushUrl: get('pushUrl') ?? url,
    fetch: config.all(`remote.${name}.fetch`).map(parseFetchRefspec),
    tags: tagOption === '--tags' ? 'all' : tagOption === '--no-tags' ? 'none' : 'follow',
    mirror: get('mirror') === 'true',
    ...(uploadPack !== undefined && { uploadPack }),
    ...(receivePack !== undefined && { receivePack }),
  }
}

/** As {@link findRemote}; `ref-not-found` with the nearest name. */
export function remoteNamed(config: RepositoryConfig, name: string): Remote {
  const found = findRemote(config, name)
  if (found !== undefined) return found
  const near = nearest(name, remoteNames(config))
  throw new VarveError('ref-not-found', `there is no remote ${JSON.stringify(name)}`, {
    data: { remote: name, ...(near !== undefined && { nearest: near }) },
    hint: near === undefined ? 'varve remote add NAME URL makes one' : `did you mean ${near}?`,
  })
}

/**
 * Checks a remote's name: it is part of the names of refs, and of no option. `invalid-name`
 * otherwise. Returns the name.
 */
export function checkRemoteName(name: string): string {
  const fault = name.startsWith('-')
    ? 'it starts with "-", like an option'
    : isRefName(`refs/remotes/${name}/x`)
      ? undefined
      : 'branches of it would have names that no ref can have'
  if (fault === undefined) return name
  throw new VarveError('invalid-name', `not a remote's name: ${JSON.stringify(name)}: ${fault}`, {
    data: { name, reason: fault },
  })
}

/** The refspec by which a remote's branches become `refs/remotes/NAME/…`. */
export function defaultFetch(name: string): string {
  return `+refs/heads/*:refs/remotes/${name}/*`
}

export interface RemoteSettings {
  readonly url: string
  readonly fetch: readonly string[]
  readonly tags?: 'all' | 'none' | undefined
  readonly mirror?: boolean | undefined
}

/** The text of a configuration file with a new remote. */
export function withRemote(text: string, name: string, settings: RemoteSettings): string {
  const key = (variable: string) => `remote.${name}.${variable}`
  let next = setConfig(text, key('url'), settings.url)
  for (const refspec of settings.fetch) next = addConfig(next, key('fetch'), refspec)
  if (settings.tags !== undefined) {
    next = setConfig(next, key('tagOpt'), settings.tags === 'all' ? '--tags' : '--no-tags')
  }
  return settings.mirror ? setConfig(next, key('mirror'), 'true') : next
}

/** The text without a remote, and without what says that branches follow it. */
export function withoutRemote(text: string, name: string, branches: readonly string[]): string {
  let next = removeConfigSection(text, `remote.${name}`) ?? text
  for (const branch of branches) next = withoutUpstream(next, branch)
  return next
}

/** The text with a remote under another name; branches that follow it still do. */
export function withRemoteRenamed(
  text: string,
  from: string,
  to: string,
  { fetch, branches }: { readonly fetch: readonly string[]; readonly branches: readonly string[] },
): string {
  let next = renameConfigSection(text, `remote.${from}`, `remote.${to}`) ?? text
  next = unsetConfig(next, `remote.${to}.fetch`) ?? next
  for (const refspec of fetch) {
    const renamed = refspec.replace(`:refs/remotes/${from}/`, () => `:refs/remotes/${to}/`)
    next = addConfig(next, `remote.${to}.fetch`, renamed)
  }
  for (const branch of branches) next = setConfig(next, `branch.${branch}.remote`, to)
  return next
}

/** The text in which a branch follows another: of a remote, or of `.`, which is this repository. */
export function withUpstream(text: string, branch: string, remote: string, ref: string): string {
  return setConfig(
    setConfig(text, `branch.${branch}.remote`, remote),
    `branch.${branch}.merge`,
    ref,
  )
}

/** The text in which a branch follows none. */
export function withoutUpstream(text: string, branch: string): string {
  const next = unsetConfig(text, `branch.${branch}.remote`) ?? text
  return unsetConfig(next, `branch.${branch}.merge`) ?? next
}

/** Short names of branches that follow one of a remote. */
export function branchesFollowing(config: RepositoryConfig, remote: string): string[] {
  return config.keys().flatMap((key) => {
    const branch = /^branch\.(.+)\.remote$/s.exec(key)?.[1]
    return branch !== undefined && config.get(key) === remote ? [branch] : []
  })
}

/** The remote that a fetch without a name means: that of the branch, the only one, or `origin`. */
export function defaultRemote(repo: Repository, branch: string | undefined): string {
  const own = branch === undefined ? undefined : repo.config.get(`branch.${branch}.remote`)
  if (own !== undefined && own !== '.') return own
  const names = remoteNames(repo.config)
  return names.length === 1 ? names[0]! : 'origin'
}

/** The error of a command that has nowhere to go to. */
export function noRemote(name: string): VarveError {
  const shown = shownUrl(name)
  return new VarveError('ref-not-found', `there is no remote ${JSON.stringify(shown)}`, {
    data: { remote: shown },
    hint: 'varve remote add origin URL makes one; or name a URL',
  })
}
