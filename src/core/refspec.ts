import { VarveError } from './errors.ts'
import { isId } from './id.ts'
import { isRefName } from './names.ts'

/**
 * Which refs of one side go to which of the other, as git writes it: `[+]SOURCE[:TARGET]`, with one
 * `*` on both sides for all that fit, or `^SOURCE` for what is left out.
 */
export interface Refspec {
  /** As it was given. */
  readonly text: string
  /** `+`: the target may go anywhere, not only on. */
  readonly force: boolean
  /** `^`: what fits is left out. */
  readonly negative: boolean
  /** A ref, short or whole, a pattern or an id; empty where a push deletes. */
  readonly source: string
  /** Undefined where nothing is said of it; empty where it is said that there is none. */
  readonly target: string | undefined
  /** Whether source and target have a `*`. */
  readonly pattern: boolean
}

/** A refspec of what is fetched: `refs/heads/*:refs/remotes/origin/*`, `main`, `v1:refs/tags/v1`, an id. */
export function parseFetchRefspec(text: string): Refspec {
  const refspec = parse(text)
  const { source, target, negative, pattern } = refspec
  if (!negative && pattern && !target) throw malformed(text, 'a pattern needs a pattern to go to')
  if (source !== '' && !isId(source)) checkSide(text, source)
  if (target) checkSide(text, target)
  if (isId(target ?? '')) throw malformed(text, 'an id is nothing that can be written to')
  return refspec
}

/** A refspec of what is pushed: its source is any revision, and none deletes the target. */
export function parsePushRefspec(text: string): Refspec {
  const refspec = parse(text)
  const { source, target, negative, pattern } = refspec
  if (target === '') throw malformed(text, 'it names nothing to go to')
  if (source === '' && target === undefined) throw malformed(text, 'it names nothing')
  if (pattern || negative) checkSide(text, source)
  if (target !== undefined) checkSide(text, target)
  return refspec
}

/** Where a refspec puts a ref; undefined where it is about others. Patterns and whole names only. */
export function mapRef(
  { source, target = '', pattern }: Refspec,
  name: string,
): string | undefined {
  if (!pattern) return name === source ? target : undefined
  const part = matchStar(source, name)
  return part === undefined ? undefined : target.replace('*', () => part)
}

/** The ref that a refspec puts at `target`: {@link mapRef} from the other side. */
export function unmapRef(
  { source, target = '', pattern }: Refspec,
  name: string,
): string | undefined {
  if (!pattern) return name === target ? source : undefined
  const part = matchStar(target, name)
  return part === undefined ? undefined : source.replace('*', () => part)
}

/** Where the first refspec that is about a ref puts it, unless one of them leaves it out. */
export function mapByAll(refspecs: readonly Refspec[], name: string): string | undefined {
  if (refspecs.some((refspec) => refspec.negative && mapRef(refspec, name) !== undefined)) {
    return undefined
  }
  for (const refspec of refspecs) {
    if (refspec.negative) continue
    const target = mapRef(refspec, name)
    if (target !== undefined && target !== '') return target
  }
  return undefined
}

function matchStar(pattern: string, name: string): string | undefined {
  const star = pattern.indexOf('*')
  const [before, after] = [pattern.slice(0, star), pattern.slice(star + 1)]
  const fits =
    name.length > before.length + after.length && name.startsWith(before) && name.endsWith(after)
  return fits ? name.slice(before.length, name.length - after.length) : undefined
}

function parse(text: string): Refspec {
  const force = text.startsWith('+')
  const negative = text.startsWith('^')
  const rest = force || negative ? text.slice(1) : text
  const colon = rest.lastIndexOf(':')
  const source = colon < 0 ? rest : rest.slice(0, colon)
  const target = colon < 0 ? undefined : rest.slice(colon + 1)
  // Not `+`, which only forces; and what a shell or a program could take for an option is no ref.
  if (/^[-+^]/.test(source) || /^[-+^]/.test(target ?? '')) {
    throw malformed(text, 'no ref begins like that')
  }
  const stars = (side: string): number => side.split('*').length - 1
  const [inSource, inTarget] = [stars(source), stars(target ?? '')]
  if (inSource > 1 || inTarget > 1) throw malformed(text, 'it has more than one *')
  if (negative && (target !== undefined || source === '')) {
    throw malformed(text, 'what is left out is one ref or pattern')
  }
  if (target && inSource !== inTarget) throw malformed(text, 'a * is on both sides or on none')
  return { text, force, negative, source, target, pattern: inSource === 1 }
}

function checkSide(text: string, side: string): void {
  if (isRefName(side.replace('*', 'x'), { oneLevel: true })) return
  throw malformed(text, `${JSON.stringify(side)} is not the name of a ref`)
}

function malformed(text: string, reason: string): VarveError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text)
  return new VarveError('invalid-name', `not a refspec: ${shown}: ${reason}`, {
    data: { refspec: text.slice(0, 1000), reason },
    hint: 'a refspec is a branch, tag or id, or SOURCE:TARGET: main, main:other, +refs/heads/*:refs/remotes/origin/*',
  })
}
