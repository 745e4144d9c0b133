import { readCommit } from '../core/commit.ts'
import type { Id } from '../core/id.ts'
import { lookupPath, treeEntries } from '../core/tree.ts'
import { headState } from '../plumbing/head.ts'
import { remoteNames } from '../plumbing/remote-config.ts'
import type { Repository } from '../plumbing/repository.ts'
import type { CompletionSource } from './complete.ts'
import type { Context } from './context.ts'

/** More than anyone reads through; the prefix typed so far narrows them down. */
const MOST = 500

/** Names of the repository's things; none where there is no repository. */
export function completionSource(context: Context): CompletionSource {
  return async (kind, typed) => {
    const repo = await context.optionalRepository()
    if (repo === undefined) return []
    switch (kind) {
      case 'branch':
        return branchNames(repo)
      case 'remote':
        return remoteNames(repo.config)
      case 'tag':
        return refNames(repo, ['refs/tags/'])
      case 'series':
        return seriesNames(repo, (await headState(repo)).id, typed)
      case 'revision':
        return revisions(repo, typed)
      default:
        return []
    }
  }
}

async function refNames(repo: Repository, prefixes: readonly string[]): Promise<string[]> {
  const { refs } = await repo.refs.state()
  return [...refs.keys()].flatMap((name) =>
    prefixes.filter((prefix) => name.startsWith(prefix)).map((prefix) => name.slice(prefix.length)),
  )
}

/** Branches, and those that a remote has and that switch would make. */
async function branchNames(repo: Repository): Promise<string[]> {
  const remotes = (await refNames(repo, ['refs/remotes/'])).map((name) =>
    name.slice(name.indexOf('/') + 1),
  )
  return [...new Set([...(await refNames(repo, ['refs/heads/'])), ...remotes])]
}

/** Branches, tags, HEAD; after a `:` the series of the revision before it. */
async function revisions(repo: Repository, typed: string): Promise<string[]> {
  const colon = typed.indexOf(':')
  if (colon < 0) {
    return ['HEAD', ...(await refNames(repo, ['refs/heads/', 'refs/tags/', 'refs/remotes/']))]
  }
  const revision = typed.slice(0, colon)
  const names = await seriesNames(repo, await commitOf(repo, revision), typed.slice(colon + 1))
  return names.map((name) => `${revision}:${name}`)
}

async function commitOf(repo: Repository, name: string): Promise<Id | undefined> {
  if (name === 'HEAD' || name === '@') return (await headState(repo)).id
  const { refs } = await repo.refs.state()
  return ['heads', 'tags', 'remotes'].flatMap((kind) => refs.get(`refs/${kind}/${name}`) ?? [])[0]
}

/** Series and collections one level below what was typed, as a shell lists folders. */
async function seriesNames(
  repo: Repository,
  commit: Id | undefined,
  typed: string,
): Promise<string[]> {
  if (commit === undefined) return []
  const { tree } = await readCommit(repo.objects, commit)
  const slash = typed.lastIndexOf('/') + 1
  const folder = typed.slice(0, slash)
  const place = await lookupPath(repo.objects, tree, folder)
  if (place?.kind !== 'tree') return []
  const names: string[] = []
  for await (const entry of treeEntries(repo.objects, place.id, typed.slice(slash))) {
    names.push(folder + entry.name + (entry.kind === 'tree' ? '/' : ''))
    if (names.length === MOST) break
  }
  return names
}
