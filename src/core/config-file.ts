import { VarveError } from './errors.ts'

/**
 * Configuration files in git's syntax: `[section "sub"]` headers, `key = value` lines, `#` and `;`
 * comments, quotes, backslash escapes, a backslash at the end of a line to go on. Edits keep
 * every line they do not concern.
 */
export interface ConfigEntry {
  /** `section.key` or `section.sub.key`; section and key in lower case. */
  readonly key: string
  readonly value: string
  /** Lines of the file that the entry takes, from 0, end exclusive. */
  readonly from: number
  readonly to: number
}

interface ParsedFile {
  readonly lines: readonly string[]
  readonly entries: readonly ConfigEntry[]
  /** Section headers: `section` or `section.sub`, with their line. */
  readonly headers: readonly { readonly section: string; readonly line: number }[]
}

/** The entries in file order; `bad-input` with the line when the text is not configuration. */
export function parseConfig(text: string, file = 'config'): ConfigEntry[] {
  return [...parseFile(text, file).entries]
}

/** The text with `key` set to `value`: its last entry replaced, else added to its section. */
export function setConfig(text: string, key: string, value: string, file = 'config'): string {
  const name = normalizeKey(key)
  const { lines, entries } = parseFile(text, file)
  const existing = entries.findLast((entry) => entry.key === name)
  if (existing === undefined) return addConfig(text, key, value, file)
  const line = `\t${splitKey(name).variable} = ${quoteValue(value)}`
  const result = [...lines]
  result.splice(existing.from, existing.to - existing.from, line)
  return joinLines(result)
}

/** The text with one more entry for `key`, behind those that there are. */
export function addConfig(text: string, key: string, value: string, file = 'config'): string {
  const name = normalizeKey(key)
  const { lines, entries, headers } = parseFile(text, file)
  const { section, variable } = splitKey(name)
  const line = `\t${variable} = ${quoteValue(value)}`
  const result = [...lines]
  const header = headers.findLast((candidate) => candidate.section === section)
  if (header === undefined) {
    result.push(formatHeader(section), line)
  } else {
    const inSection = entries.filter(
      (entry) => entry.from > header.line && splitKey(entry.key).section === section,
    )
    result.splice(inSection.at(-1)?.to ?? header.line + 1, 0, line)
  }
  return joinLines(result)
}

/** The text without any entry for `key`, and its section where nothing else is in it; undefined when there is none. */
export function unsetConfig(text: string, key: string, file = 'config'): string | undefined {
  const name = normalizeKey(key)
  const { lines, entries, headers } = parseFile(text, file)
  const gone = new Set<number>()
  for (const entry of entries) {
    if (entry.key !== name) continue
    for (let line = entry.from; line < entry.to; line++) gone.add(line)
  }
  if (gone.size === 0) return undefined
  headers.forEach(({ line: from }, index) => {
    const to = headers[index + 1]?.line ?? lines.length
    const left = lines.slice(from + 1, to).filter((_, at) => !gone.has(from + 1 + at))
    const isEmptied = left.length < to - from - 1 && left.every((line) => line.trim() === '')
    // A comment behind the header is somebody's, too.
    if (isEmptied && /^\s*\[[^#;]*\]\s*$/.test(lines[from]!)) gone.add(from)
  })
  return joinLines(lines.filter((_, index) => !gone.has(index)))
}

/** The text without a section such as `remote.origin`; undefined when there is none. */
export function removeConfigSection(
  text: string,
  section: string,
  file = 'config',
): string | undefined {
  const { lines, entries, headers } = parseFile(text, file)
  const gone = new Set<number>()
  for (const header of headers) if (header.section === section) gone.add(header.line)
  for (const { key, from, to } of entries) {
    if (splitKey(key).section !== section) continue
    for (let line = from; line < to; line++) gone.add(line)
  }
  return gone.size === 0 ? undefined : joinLines(lines.filter((_, line) => !gone.has(line)))
}

/** The text with a section under another name; undefined when there is none. */
export function renameConfigSection(
  text: string,
  from: string,
  to: string,
  file = 'config',
): string | undefined {
  const { lines, headers } = parseFile(text, file)
  const renamed = new Set(headers.filter(({ section }) => section === from).map(({ line }) => line))
  if (renamed.size === 0) return undefined
  const header = (line: string) => line.trimStart().replace(HEADER, () => formatHeader(to))
  return joinLines(lines.map((line, at) => (renamed.has(at) ? header(line) : line)))
}

const KEY = /^([A-Za-z][A-Za-z0-9-]*)\.(?:([^\n\0]+)\.)?([A-Za-z][A-Za-z0-9-]*)$/

/** A key with section and variable in lower case; the part between them stays as it is. */
export function normalizeKey(key: string): string {
  const match = KEY.exec(key)
  if (match === null) {
    throw new VarveError('invalid-name', `not a configuration key: ${JSON.stringify(key)}`, {
      hint: 'a key is like user.name or remote.origin.url',
    })
  }
  const [, section, sub, variable] = match
  const middle = sub === undefined ? '' : `.${sub}`
  return `${section!.toLowerCase()}${middle}.${variable!.toLowerCase()}`
}

function splitKey(key: string): { section: string; variable: string } {
  const dot = key.lastIndexOf('.')
  return { section: key.slice(0, dot), variable: key.slice(dot + 1) }
}

const HEADER = /^\[([A-Za-z][A-Za-z0-9-]*)(?:[ \t]+"((?:[^"\\]|\\.)*)")?\]/
const VARIABLE = /^([A-Za-z][A-Za-z0-9-]*)[ \t]*(?:=[ \t]*|$|(?=[#;]))/

function parseFile(text: string, file: string): ParsedFile {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n|\r$/)
  if (lines.at(-1) === '') lines.pop()
  const entries: ConfigEntry[] = []
  const headers: { section: string; line: number }[] = []
  let section: string | undefined
  for (let at = 0; at < lines.length; at++) {
    let rest = lines[at]!.trimStart()
    const header = HEADER.exec(rest)
    if (header !== null) {
      const sub = header[2]?.replace(/\\(.)/g, '$1')
      section = header[1]!.toLowerCase() + (sub === undefined ? '' : `.${sub}`)
      headers.push({ section, line: at })
      rest = rest.slice(header[0].length).trimStart()
    }
    if (rest === '' || rest.startsWith('#') || rest.startsWith(';')) continue
    const variable = VARIABLE.exec(rest)
    if (variable === null || section === undefined || header !== null) {
      throw badLine(file, at, section === undefined ? 'a [section]' : 'key = value')
    }
    const from = at
    const bare = !variable[0].includes('=')
    let source = rest.slice(variable[0].length)
    let value = bare ? 'true' : readValue(source)
    while (value === undefined && at + 1 < lines.length) {
      at++
      source = `${source.slice(0, -1)}${lines[at]!}`
      value = readValue(source)
    }
    if (value === undefined) throw badLine(file, from, 'a closing quote')
    entries.push({ key: `${section}.${variable[1]!.toLowerCase()}`, value, from, to: at + 1 })
  }
  return { lines, entries, headers }
}

/** The value in what follows `=`; undefined when it goes on in the next line. */
function readValue(source: string): string | undefined {
  let value = ''
  let spaces = ''
  let quoted = false
  for (let index = 0; index < source.length; index++) {
    const character = source[index]!
    if (character === '"') {
      quoted = !quoted
      value += spaces
      spaces = ''
    } else if (character === '\\') {
      index++
      if (index === source.length) return undefined
      value += spaces + (escapes.get(source[index]!) ?? source[index]!)
      spaces = ''
    } else if (!quoted && (character === '#' || character === ';')) {
      break
    } else if (!quoted && (character === ' ' || character === '\t')) {
      spaces += character
    } else {
      value += spaces + character
      spaces = ''
    }
  }
  return quoted ? undefined : value
}

const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['b', '\b'],
])

function quoteValue(value: string): string {
  const escaped = value.replace(/[\\"]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t')
  return /^\s|\s$|[#;\r]/.test(value) ? `"${escaped}"` : escaped
}

function formatHeader(section: string): string {
  const dot = section.indexOf('.')
  if (dot < 0) return `[${section}]`
  return `[${section.slice(0, dot)} "${section.slice(dot + 1).replace(/[\\"]/g, '\\$&')}"]`
}

function joinLines(lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

function badLine(file: string, index: number, expected: string): VarveError {
  return new VarveError('bad-input', `${file}, line ${index + 1}: expected ${expected}`, {
    data: { file, line: index + 1, expected },
  })
}
