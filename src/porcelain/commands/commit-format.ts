import { usageError } from '../../cli/define-command.ts'
import type { Style, StyleName } from '../../cli/style.ts'
import { type Commit, type Signature, subjectOf } from '../../core/commit.ts'
import { type DateStyle, formatCommitDate } from '../../core/date-format.ts'
import { decorationText } from '../decorations.ts'
import type { LoggedCommit } from '../log.ts'

export interface CommitTextOptions {
  readonly style: Style
  /** Digits of a shortened id. */
  readonly abbreviation: number
  readonly dateStyle: DateStyle
  /** What relative dates count from, in seconds since 1970. */
  readonly now: number
}

export type CommitFormatter = (commit: LoggedCommit, options: CommitTextOptions) => string

type Piece = CommitFormatter | string | { readonly colour: StyleName | undefined }

const colours: ReadonlyMap<string, StyleName> = new Map(
  (['red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'bold', 'dim'] as const).map((name) => [
    name,
    name,
  ]),
)

const PLACEHOLDER =
  /%(?:(%|n|H|h|T|t|P|p|s|f|b|B|d|D|x[0-9a-fA-F]{2}|[ac][nelLdDrtiIs])|C\(([^)]*)\)|C(red|green|blue|reset)|(.|$))/gs

/**
 * Takes a format of `log --format` apart. Placeholders as in git: %H %h %T %t %P %p (ids), %an %ae
 * %ad %ar %at %ai %aI %as (author; %c… committer), %s %f %b %B (message), %d %D (refs), %n, %%,
 * %xHH, %Cred %C(yellow) %Creset. `usage` for one that is not known.
 */
export function parseCommitFormat(format: string): CommitFormatter {
  const pieces: Piece[] = []
  let rest = 0
  for (const match of format.matchAll(PLACEHOLDER)) {
    pieces.push(format.slice(rest, match.index))
    rest = match.index + match[0].length
    const [whole, field, painted, colour] = match
    if (field !== undefined) pieces.push(fieldOf(field))
    else if (painted !== undefined || colour !== undefined) {
      pieces.push({ colour: colourOf((painted ?? colour)!) })
    } else {
      throw usageError(
        `commits have no ${JSON.stringify(whole)}`,
        'among others %H %h %an %ae %ad %s %b %d %cd %P; %% is a %',
      )
    }
  }
  pieces.push(format.slice(rest))
  return (commit, options) => {
    let text = ''
    let run = ''
    let colour: StyleName | undefined
    const end = () => {
      text += colour === undefined ? run : options.style[colour](run)
      run = ''
    }
    for (const piece of pieces) {
      if (typeof piece === 'string') run += piece
      else if (typeof piece === 'function') run += piece(commit, options)
      else {
        end()
        colour = piece.colour
      }
    }
    end()
    return text
  }
}

/** The first colour or weight in words such as `bold yellow`. */
function colourOf(words: string): StyleName | undefined {
  return words.split(/[\s,]+/).flatMap((word) => colours.get(word) ?? [])[0]
}

function fieldOf(field: string): CommitFormatter | string {
  if (field === '%') return '%'
  if (field === 'n') return '\n'
  if (field.startsWith('x')) return String.fromCharCode(Number.parseInt(field.slice(1), 16))
  if (field.length === 2) return signatureField(field[0] as 'a' | 'c', field[1]!)
  const short = (id: string, { abbreviation }: CommitTextOptions) => id.slice(0, abbreviation)
  switch (field) {
    case 'H':
      return ({ id }) => id
    case 'h':
      return ({ id }, options) => short(id, options)
    case 'T':
      return ({ commit }) => commit.tree
    case 't':
      return ({ commit }, options) => short(commit.tree, options)
    case 'P':
      return ({ commit }) => commit.parents.join(' ')
    case 'p':
      return ({ commit }, options) => commit.parents.map((id) => short(id, options)).join(' ')
    case 's':
      return ({ commit }) => subjectOf(commit)
    case 'f':
      return ({ commit }) =>
        subjectOf(commit)
          .replace(/[^\w.]+/g, '-')
          .replace(/^-|[-.]+$/g, '')
    case 'b':
      return ({ commit }) => bodyOf(commit)
    case 'B':
      return ({ commit }) => commit.message.replace(/\n$/, '')
    case 'd':
      return (commit, { style }) => {
        const text = decorationsOf(commit, style)
        return text === '' ? '' : ` (${text})`
      }
    default:
      return (commit, { style }) => decorationsOf(commit, style)
  }
}

function bodyOf({ message }: Commit): string {
  return message.replace(/^[^\n]*\n+/, '').replace(/\n$/, '')
}

function signatureField(role: 'a' | 'c', part: string): CommitFormatter {
  const who = ({ commit }: LoggedCommit): Signature =>
    role === 'a' ? commit.author : commit.committer
  const dated =
    (style: DateStyle): CommitFormatter =>
    (commit, { now }) =>
      formatCommitDate(who(commit), style, now)
  switch (part) {
    case 'n':
      return (commit) => who(commit).name
    case 'e':
      return (commit) => who(commit).email
    case 'l':
    case 'L':
      return (commit) => who(commit).email.replace(/@.*$/, '')
    case 'd':
      return (commit, { dateStyle, now }) => formatCommitDate(who(commit), dateStyle, now)
    case 'D':
      return dated('rfc')
    case 'r':
      return dated('relative')
    case 't':
      return dated('unix')
    case 'i':
      return dated('iso')
    case 'I':
      return dated('iso-strict')
    default:
      return dated('short')
  }
}

/** `HEAD -> main, tag: v1`, each in its colour. */
export function decorationsOf({ decorations }: LoggedCommit, style: Style): string {
  const colour = {
    ...{ head: 'cyan', tag: 'yellow', remote: 'red', branch: 'green' },
    ...{ other: 'magenta', grafted: 'blue' },
  }
  return decorationText(decorations, (text, kind) => style[colour[kind] as StyleName](text))
}
