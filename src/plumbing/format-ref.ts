import type { Signature } from '../core/commit.ts'
import { subjectOf } from '../core/commit.ts'
import { type DateStyle, formatCommitDate, parseDateStyle } from '../core/date-format.ts'
import { VarveError } from '../core/errors.ts'
import type { RefDetails } from './for-each-ref.ts'

export const defaultRefFormat = '%(objectname) %(objecttype)\t%(refname)'

export interface RefFormatOptions {
  /** Digits of `%(objectname:short)`. */
  readonly abbreviation?: number
  /** What relative dates count from, in seconds since 1970. */
  readonly now?: number
}

type Formatter = (details: RefDetails, options: RefFormatOptions) => string

/**
 * Takes a format of `for-each-ref` apart: `%(field)` and `%(field:modifier)`, `%(*field)` for what
 * a tag stands for, `%%`, and `%xx` for a byte in hex. A field that a ref has not is empty, as in
 * git. `usage` for a field that does not exist.
 */
export function parseRefFormat(format: string): Formatter {
  const pieces: (string | Formatter)[] = []
  let rest = 0
  for (const match of format.matchAll(/%(?:\(([^)]*)\)|(%)|([0-9a-fA-F]{2}))/g)) {
    pieces.push(format.slice(rest, match.index))
    if (match[1] !== undefined) pieces.push(parseField(match[1]))
    else pieces.push(match[2] ?? String.fromCharCode(Number.parseInt(match[3]!, 16)))
    rest = match.index + match[0].length
  }
  pieces.push(format.slice(rest))
  return (details, options) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : piece(details, options))).join('')
}

function parseField(text: string): Formatter {
  if (text.startsWith('*')) {
    const field = parseField(text.slice(1))
    return (details, options) => {
      const { peeled, peeledCommit, name, short, isHead } = details
      if (peeled === undefined) return ''
      const target = { name, short, isHead, ...peeled }
      return field(
        peeledCommit === undefined ? target : { ...target, commit: peeledCommit },
        options,
      )
    }
  }
  const colon = text.indexOf(':')
  const name = colon === -1 ? text : text.slice(0, colon)
  const modifier = colon === -1 ? undefined : text.slice(colon + 1)
  const field = signatureField(name, modifier) ?? plainField(name, modifier)
  if (field !== undefined) return field
  throw new VarveError('usage', `refs have no field %(${text})`, { data: { field: text } })
}

function plainField(name: string, modifier: string | undefined): Formatter | undefined {
  switch (`${name}${modifier === undefined ? '' : `:${modifier}`}`) {
    case 'refname':
      return ({ name }) => name
    case 'refname:short':
      return ({ short }) => short
    case 'objectname':
      return ({ id }) => id
    case 'objectname:short':
      return ({ id }, { abbreviation = 7 }) => id.slice(0, abbreviation)
    case 'objecttype':
      return ({ kind }) => kind
    case 'HEAD':
      return ({ isHead }) => (isHead ? '*' : ' ')
    case 'upstream':
      return ({ upstream }) => upstream ?? ''
    case 'upstream:short':
      return ({ upstream }) => upstream?.replace(/^refs\/(?:heads|remotes)\//, '') ?? ''
    case 'tree':
      return ({ commit }) => commit?.tree ?? ''
    case 'parent':
      return ({ commit }) => commit?.parents.join(' ') ?? ''
    case 'numparent':
      return ({ commit }) => (commit === undefined ? '' : String(commit.parents.length))
    case 'object':
      return ({ tag }) => tag?.object ?? ''
    case 'type':
      return ({ tag }) => tag?.kind ?? ''
    case 'tag':
      return ({ tag }) => tag?.name ?? ''
    case 'contents':
      return ({ tag, commit }) => (tag ?? commit)?.message ?? ''
    case 'subject':
    case 'contents:subject':
      return ({ tag, commit }) => subjectOf({ message: (tag ?? commit)?.message ?? '' })
    case 'body':
    case 'contents:body':
      return ({ tag, commit }) => ((tag ?? commit)?.message ?? '').replace(/^[^\n]*\n+/, '')
    default:
      return undefined
  }
}

function signatureField(name: string, modifier: string | undefined): Formatter | undefined {
  const match = /^(author|committer|tagger|creator)(name|email|date|)$/.exec(name)
  if (match === null) return undefined
  const [, role, part] = match
  if (role === 'creator' && (part === 'name' || part === 'email')) return undefined
  if (part !== 'date' && modifier !== undefined) return undefined
  const style = modifier === undefined ? 'default' : parseDateStyle(modifier)
  return (details, options) => {
    const who = signatureOf(details, role!)
    return who === undefined ? '' : writeSignature(who, part!, style, options)
  }
}

function signatureOf({ commit, tag }: RefDetails, role: string): Signature | undefined {
  switch (role) {
    case 'author':
      return commit?.author
    case 'committer':
      return commit?.committer
    case 'tagger':
      return tag?.tagger
    default:
      return tag?.tagger ?? commit?.committer
  }
}

function writeSignature(
  who: Signature,
  part: string,
  style: DateStyle,
  { now }: RefFormatOptions,
): string {
  switch (part) {
    case 'name':
      return who.name
    case 'email':
      return `<${who.email}>`
    case 'date':
      return formatCommitDate(who, style, now)
    default:
      return `${who.name} <${who.email}> ${formatCommitDate(who, 'raw')}`
  }
}
