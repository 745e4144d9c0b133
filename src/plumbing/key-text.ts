import type { BoundText } from '../core/bounds.ts'
import type { Scalar } from '../core/column.ts'
import { formatScalar, type JsonScalar, scalarToJson } from '../core/scalar-text.ts'
import type { Schema } from '../core/schema.ts'
import type { Zone } from '../core/zone.ts'

const PLAIN = /^[^\s",]+$/u

/**
 * Index values on one line: joined by commas, those that would not be told apart in quotes; times as
 * they are in `zone`, or in UTC.
 */
export function formatKey(schema: Schema, key: readonly Scalar[], zone?: Zone): string {
  return key
    .map((value, i) => {
      const text = formatScalar(value, schema.columns[i]!.type, zone)
      return PLAIN.test(text) ? text : JSON.stringify(text)
    })
    .join(',')
}

export function keyToJson(schema: Schema, key: readonly Scalar[], zone?: Zone): JsonScalar[] {
  return key.map((value, i) => scalarToJson(value, schema.columns[i]!.type, zone))
}

const SHOWN = /"(?:[^"\\]|\\.)*"|[^\s",]+/y
const MAY_BE_SHOWN = /^[^\s",]+(?:,[^\s",]+)+$/u

/**
 * Index values as somebody typed them, where they may have been taken from what {@link formatKey} shows: one that is as a
 * whole `"two words",2026-08-17` stands for its values, and a single `a,2026-08-17` may. Other texts are what they are.
 */
export function typedKey(texts: readonly string[]): BoundText {
  const [text] = texts
  if (texts.length === 1 && MAY_BE_SHOWN.test(text!)) return { shown: text! }
  return texts.flatMap((text) => shownValues(text) ?? [text])
}

function shownValues(text: string): string[] | undefined {
  const values: string[] = []
  let hasQuotes = false
  for (let at = 0; ; at++) {
    SHOWN.lastIndex = at
    const found = SHOWN.exec(text)?.[0]
    if (found === undefined) return undefined
    const value = found.startsWith('"') ? unquoted(found) : found
    if (value === undefined) return undefined
    hasQuotes ||= found.startsWith('"')
    values.push(value)
    at += found.length
    if (at === text.length) return hasQuotes ? values : undefined
    if (text[at] !== ',') return undefined
  }
}

function unquoted(text: string): string | undefined {
  try {
    return String(JSON.parse(text))
  } catch {
    // No JSON, so it was never shown.
    return undefined
  }
}
