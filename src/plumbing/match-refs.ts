import { VarveError } from '../core/errors.ts'
import { type Id, isId } from '../core/id.ts'
import { nearest } from '../core/nearest.ts'
import { mapRef, type Refspec } from '../core/refspec.ts'
import type { RemoteRefs } from './connect.ts'
import { candidates } from './find-ref.ts'

/** A ref of the other side that a refspec asks for. */
export interface MatchedRef {
  /** Its full name there; undefined for an id that was asked for by itself. */
  readonly name: string | undefined
  readonly id: Id
  /** The full name of the ref here that it goes to; undefined where it goes to none. */
  readonly target: string | undefined
  readonly force: boolean
}

/** HEAD there: the commit of its default branch. */
export function remoteHead({ refs, head }: RemoteRefs): { name: string; id: Id } | undefined {
  return refs.find(({ name }) => name === head)
}

/**
 * The refs that refspecs ask for, each target once. `ref-not-found`, with the nearest name, for one
 * that is named and not there.
 */
export function matchFetch(remote: RemoteRefs, refspecs: readonly Refspec[]): MatchedRef[] {
  const byName = new Map(remote.refs.map((ref) => [ref.name, ref]))
  const isLeftOut = (name: string) =>
    refspecs.some((refspec) => refspec.negative && mapRef(refspec, name) !== undefined)
  const found: MatchedRef[] = []
  for (const refspec of refspecs) {
    const { negative, pattern, source, force } = refspec
    if (negative) continue
    if (pattern) {
      for (const { name, id } of remote.refs) {
        const target = isLeftOut(name) ? undefined : mapRef(refspec, name)
        if (target !== undefined) found.push({ name, id, target, force })
      }
      continue
    }
    const ref = isId(source)
      ? { name: undefined, id: source }
      : source === '' || source === 'HEAD'
        ? remoteHead(remote)
        : candidates(source).flatMap((name) => byName.get(name) ?? [])[0]
    if (ref === undefined) throw noSuchRef(remote, source)
    const target = refspec.target ? fullTarget(refspec.target, ref.name) : undefined
    found.push({ name: ref.name, id: ref.id, target, force })
  }
  return withoutRepeated(found)
}

/** A target by its full name: of the kind that the source has, a branch where that says nothing. */
export function fullTarget(target: string, source: string | undefined): string {
  if (target.startsWith('refs/')) return target
  if (/^(?:heads|tags|remotes)\//.test(target)) return `refs/${target}`
  return source?.startsWith('refs/tags/') ? `refs/tags/${target}` : `refs/heads/${target}`
}

function withoutRepeated(matched: readonly MatchedRef[]): MatchedRef[] {
  const sources = new Map<string, MatchedRef>()
  const found: MatchedRef[] = []
  for (const ref of matched) {
    const { target } = ref
    if (target === undefined) {
      found.push(ref)
      continue
    }
    const other = sources.get(target)
    if (other === undefined) {
      sources.set(target, ref)
      found.push(ref)
    } else if (other.id !== ref.id) {
      throw new VarveError('refused', `${target} cannot be both ${other.name} and ${ref.name}`, {
        data: { ref: target, sources: [other.name, ref.name] },
      })
    }
  }
  return found
}

function noSuchRef(remote: RemoteRefs, source: string): VarveError {
  const names = remote.refs.map(({ name }) => name.replace(/^refs\/(?:heads|tags)\//, ''))
  const near = nearest(source, names)
  const what = source === '' || source === 'HEAD' ? 'HEAD' : JSON.stringify(source)
  return new VarveError('ref-not-found', `there is no ${what} on the other side`, {
    data: { ref: source, ...(near !== undefined && { nearest: near }) },
    ...(near !== undefined && { hint: `did you mean ${near}?` }),
  })
}
