import { compareBytes, textToBytes } from '../core/bytes.ts'
import type { LogState } from '../storage/log-state.ts'
import type { FoundRef } from './find-ref.ts'

/** All refs, sorted by the bytes of their names, that a test lets through. */
export function listRefs(
  state: LogState,
  test: (name: string) => boolean = () => true,
): FoundRef[] {
  return [...state.refs]
    .filter(([name]) => test(name))
    .map(([name, id]) => ({ name, id, bytes: textToBytes(name) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
    .map(({ name, id }) => ({ name, id }))
}

/**
 * Whether a ref is meant by a pattern of `for-each-ref`: the whole name or a folder above it
 * (`refs/heads`), or a shell pattern in which `*` and `?` do not go past a `/`, and `**` does.
 */
export function matchesRef(pattern: string, name: string): boolean {
  if (!/[*?[]/.test(pattern)) {
    const folder = pattern.replace(/\/+$/, '')
    return name === folder || name.startsWith(`${folder}/`)
  }
  return matchParts(pattern.split('/'), name.split('/'))
}

function matchParts(pattern: readonly string[], parts: readonly string[]): boolean {
  const [first, ...rest] = pattern
  if (first === undefined) return parts.length === 0
  if (first === '**') {
    return rest.length === 0 || parts.some((_, at) => matchParts(rest, parts.slice(at)))
  }
  return parts.length > 0 && matchPart(first, parts[0]!) && matchParts(rest, parts.slice(1))
}

/** `*` and `?` within one part, in time proportional to the two lengths multiplied. */
function matchPart(pattern: string, text: string): boolean {
  let at = 0
  let inText = 0
  let star = -1
  let starText = 0
  while (inText < text.length) {
    if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[inText])) {
      at++
      inText++
    } else if (pattern[at] === '*') {
      star = at++
      starText = inText
    } else if (star !== -1) {
      at = star + 1
      inText = ++starText
    } else {
      return false
    }
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
