import { VarveError } from './errors.ts'

/** Which entry of a ref's log is meant. */
export type LogSelector =
  /** `@{n}`: n values ago; 0 is the present one. */
  | { readonly kind: 'entry'; readonly count: number }
  /** `@{date}`: what it held then; the text as given. */
  | { readonly kind: 'date'; readonly text: string }
  /** `@{-n}`: the branch that was checked out n switches ago. */
  | { readonly kind: 'previous'; readonly count: number }
  /** `@{upstream}`, `@{u}`: the branch it follows. */
  | { readonly kind: 'upstream' }
  /** `@{push}`: the branch that it is pushed to. */
  | { readonly kind: 'push' }

/** One step from an object to another. */
export type RevisionStep =
  /** `~n`: n first parents up. */
  | { readonly kind: 'ancestor'; readonly count: number }
  /** `^n`: the n-th parent; 0 is the commit itself. */
  | { readonly kind: 'parent'; readonly number: number }
  /** `^{commit}`: through tags (and from a commit to its tree) to an object of that kind. */
  | { readonly kind: 'peel'; readonly to: PeelTarget }

/** `any` is `^{}`: through tags to whatever they stand for. */
export type PeelTarget = 'commit' | 'tree' | 'series' | 'tag' | 'object' | 'any'

/** A revision's text taken apart; nothing is looked up. */
export interface Revision {
  /** As it was given. */
  readonly text: string
  /** A ref's name, full or short, or an id, whole or its first digits; `@` is given as HEAD. */
  readonly name: string
  /** Whether nothing stood before `@{…}`: then the current branch is meant, not HEAD. */
  readonly current: boolean
  readonly selector: LogSelector | undefined
  readonly steps: readonly RevisionStep[]
}

/** What a command that walks history is given as one word. */
export type RevisionRange =
  | { readonly kind: 'include'; readonly revision: Revision }
  | { readonly kind: 'exclude'; readonly revision: Revision }
  /** `A..B`: reachable from B, not from A. */
  | { readonly kind: 'range'; readonly from: Revision; readonly to: Revision }
  /** `A...B`: reachable from one of them, not from both. */
  | { readonly kind: 'symmetric'; readonly left: Revision; readonly right: Revision }
  /** `A^@`: all parents of A. */
  | { readonly kind: 'parents'; readonly revision: Revision }
  /** `A^!`: A without its parents. `A^-n`: A without its n-th parent. */
  | { readonly kind: 'own'; readonly revision: Revision; readonly parent: number | undefined }

/** `REV:NAME`, `:NAME` (in the index) or `REV`. */
export interface ObjectName {
  /** Undefined where nothing stands before the colon: the index. */
  readonly revision: Revision | undefined
  /** What stands after the colon; undefined where there is none. The empty name is the tree. */
  readonly name: string | undefined
}

const STEP = /[~^]/
const PEEL_TARGETS = new Set(['commit', 'tree', 'series', 'tag', 'object'])

/**
 * Takes a revision apart by git's grammar: `HEAD`, `@`, a ref or an id, then `@{…}`, then any
 * number of `~n`, `^n`, `^{kind}`. `revision-not-found` with the reason when it does not follow it.
 */
export function parseRevision(text: string): Revision {
  const braces = text.indexOf('@{')
  const step = text.search(STEP)
  const selected = braces !== -1 && (step === -1 || braces < step)
  const nameEnd = selected ? braces : step === -1 ? text.length : step
  const name = text.slice(0, nameEnd)
  let position = nameEnd
  let selector: LogSelector | undefined
  if (selected) {
    const close = text.indexOf('}', braces)
    if (close === -1) throw malformed(text, '"@{" is not closed')
    selector = parseSelector(text, text.slice(braces + 2, close))
    position = close + 1
  }
  if (name === '' && !selected) throw malformed(text, 'it names nothing')
  if (/^\.|[\s:\\?*[]|\.\./.test(name)) throw malformed(text, 'no ref or id has such a name')
  return {
    text,
    name: name === '@' || name === '' ? 'HEAD' : name,
    current: name === '',
    selector,
    steps: parseSteps(text, position),
  }
}

/**
 * As {@link parseRevision}, for words that stand for sets of commits: `A..B`, `A...B`, `^A`,
 * `A^@`, `A^!`, `A^-n`. A side left out is HEAD.
 */
export function parseRevisionRange(text: string): RevisionRange {
  const dots = findOutsideBraces(text, '..')
  if (dots !== -1) {
    const length = text.startsWith('...', dots) ? 3 : 2
    const left = text.slice(0, dots)
    const right = text.slice(dots + length)
    if (left === '' && right === '') throw malformed(text, 'it has no side')
    const from = parseRevision(left || 'HEAD')
    const to = parseRevision(right || 'HEAD')
    return length === 2 ? { kind: 'range', from, to } : { kind: 'symmetric', left: from, right: to }
  }
  if (text.startsWith('^')) return { kind: 'exclude', revision: parseRevision(text.slice(1)) }
  const own = /\^(@|!|-(\d{0,9}))$/.exec(text)
  if (own === null) return { kind: 'include', revision: parseRevision(text) }
  const revision = parseRevision(text.slice(0, own.index))
  if (own[1] === '@') return { kind: 'parents', revision }
  return { kind: 'own', revision, parent: own[1] === '!' ? undefined : Number(own[2] || 1) }
}

/** Splits `REV:NAME` at the first colon outside `@{…}`. */
export function parseObjectName(text: string): ObjectName {
  const colon = findOutsideBraces(text, ':')
  if (colon === -1) return { revision: parseRevision(text), name: undefined }
  const before = text.slice(0, colon)
  return {
    revision: before === '' ? undefined : parseRevision(before),
    name: text.slice(colon + 1),
  }
}

function parseSelector(text: string, inside: string): LogSelector {
  if (/^\d{1,9}$/.test(inside)) return { kind: 'entry', count: Number(inside) }
  const previous = /^-([1-9]\d{0,8})$/.exec(inside)
  if (previous !== null) {
    if (!text.startsWith('@{')) throw malformed(text, '"@{-n}" stands alone, without a name')
    return { kind: 'previous', count: Number(previous[1]) }
  }
  if (/^u(?:pstream)?$/i.test(inside)) return { kind: 'upstream' }
  if (/^push$/i.test(inside)) return { kind: 'push' }
  if (inside === '') throw malformed(text, '"@{}" is empty')
  return { kind: 'date', text: inside }
}

function parseSteps(text: string, from: number): RevisionStep[] {
  const steps: RevisionStep[] = []
  const step = /([~^])(\d+)?(?:\{([^}]*)\})?/y
  step.lastIndex = from
  while (step.lastIndex < text.length) {
    const match = step.exec(text)
    if (match === null) throw malformed(text, 'after the name come only ~n, ^n and ^{kind}')
    const [whole, sign, digits, kind] = match
    if (kind !== undefined) {
      if (sign === '~' || digits !== undefined) {
        throw malformed(text, `${JSON.stringify(whole)} is not a step`)
      }
      steps.push({ kind: 'peel', to: parsePeelTarget(text, kind) })
      continue
    }
    if ((digits ?? '').length > 9) throw malformed(text, `${digits} is too many`)
    const count = digits === undefined ? 1 : Number(digits)
    steps.push(sign === '~' ? { kind: 'ancestor', count } : { kind: 'parent', number: count })
  }
  return steps
}

function parsePeelTarget(text: string, kind: string): PeelTarget {
  if (kind === '') return 'any'
  if (!PEEL_TARGETS.has(kind)) {
    throw malformed(text, `"^{${kind}}": an object is a ${[...PEEL_TARGETS].join(', ')}`)
  }
  return kind as PeelTarget
}

/** Where `wanted` first stands outside `{…}` and before any colon; −1 when it does not. */
function findOutsideBraces(text: string, wanted: ':' | '..'): number {
  let inside = false
  for (let position = 0; position < text.length; position++) {
    const character = text[position]
    if (character === '{') inside = true
    else if (character === '}') inside = false
    else if (inside) continue
    else if (text.startsWith(wanted, position)) return position
    // What follows the colon of REV:NAME is a name, which may have dots in it.
    else if (character === ':') return -1
  }
  return -1
}

function malformed(text: string, reason: string): VarveError {
  const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text)
  return new VarveError('revision-not-found', `not a revision: ${shown}: ${reason}`, {
    data: { revision: text.slice(0, 1000), reason },
    hint: 'a revision is a branch, tag or id, with ~n, ^n or @{n} behind it: HEAD~2, main@{1}',
  })
}
