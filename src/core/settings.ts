import { isUtf8 } from 'node:buffer'
import { bytesToText, compareBytes, equalBytes, textToBytes } from './bytes.ts'
import { VarveError } from './errors.ts'
import type { Id } from './id.ts'
import type { ObjectReader, ObjectWriter } from './objects.ts'

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

/**
 * What is said about a series, or about all in a collection: how to show and check it, never what
 * it holds. Keys known here: `zone` (an IANA name, text), `schema`, `display`, `defaults`
 * (objects). Others are kept as they are, for versions of varve that know them.
 */
export type Settings = ReadonlyMap<string, Json>

/** The settings of what has none. */
export const NO_SETTINGS: Settings = new Map()

/** The largest settings object, in canonical bytes. */
export const MAX_SETTINGS_BYTES = 1024 * 1024
const MAX_DEPTH = 64

const KNOWN: ReadonlyMap<string, 'text' | 'object'> = new Map([
  ['zone', 'text'],
  ['schema', 'object'],
  ['display', 'object'],
  ['defaults', 'object'],
])

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The IANA zone that times are shown and read in. */
export function zoneOf(settings: Settings): string | undefined {
  const zone = settings.get('zone')
  return typeof zone === 'string' ? zone : undefined
}

/** The schema that series are created with, as JSON. */
export function schemaSettingOf(settings: Settings): JsonObject | undefined {
  const schema = settings.get('schema')
  return isObject(schema) ? schema : undefined
}

/** The unit in which values of a column are shown, as `display` says: `{"Price": {"unit": "USD"}}`. */
export function unitOf(settings: Settings, column: string): string | undefined {
  const display = settings.get('display')
  if (!isObject(display) || !Object.hasOwn(display, column)) return undefined
  const shown = display[column]
  const unit = isObject(shown) ? shown.unit : undefined
  return typeof unit === 'string' && unit !== '' ? unit : undefined
}

/** What holds inside a collection: its own settings, and an inner one's in place of those. */
export function mergeSettings(outer: Settings, inner: Settings): Settings {
  if (inner.size === 0) return outer
  if (outer.size === 0) return inner
  return new Map([...outer, ...inner])
}

function invalid(reason: string): VarveError {
  return new VarveError('invalid-value', `settings cannot hold this: ${reason}`)
}

function canonicalText(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw invalid('text with half a surrogate pair')
  return JSON.stringify(text)
}

function canonicalMembers(members: Iterable<[string, Json]>, depth: number): string {
  const sorted = [...members]
    .map(([key, value]) => ({ key, value, bytes: textToBytes(key) }))
    .sort((a, b) => compareBytes(a.bytes, b.bytes))
  const parts = sorted.map(({ key, value }) => `${canonicalText(key)}:${canonical(value, depth)}`)
  return `{${parts.join(',')}}`
}

function canonical(value: Json, depth: number): string {
  switch (typeof value) {
    case 'string':
      return canonicalText(value)
    case 'number':
      if (!Number.isFinite(value)) throw invalid(`the number ${value}`)
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      if (value === null) return 'null'
      if (depth >= MAX_DEPTH) throw invalid(`more than ${MAX_DEPTH} levels`)
      if (Array.isArray(value)) {
        return `[${value.map((element) => canonical(element, depth + 1)).join(',')}]`
      }
      return canonicalMembers(Object.entries(value), depth + 1)
    default:
      throw invalid(`a ${typeof value}`)
  }
}

function checkKnown(settings: Settings): void {
  for (const [key, wanted] of KNOWN) {
    const value = settings.get(key)
    if (value === undefined) continue
    if (wanted === 'text' ? typeof value !== 'string' || value === '' : !isObject(value)) {
      throw new VarveError('invalid-value', `the setting "${key}" is not ${wantedText(wanted)}`, {
        data: { key },
      })
    }
  }
}

function wantedText(wanted: 'text' | 'object'): string {
  return wanted === 'text' ? 'a text' : 'an object'
}

/**
 * The canonical bytes: JSON as UTF-8, without spaces, members sorted by the bytes of their names.
 * `invalid-value` for what has none, and `too-large` above {@link MAX_SETTINGS_BYTES}.
 */
export function encodeSettings(settings: Settings): Uint8Array {
  checkKnown(settings)
  const bytes = textToBytes(canonicalMembers(settings, 0))
  if (bytes.length > MAX_SETTINGS_BYTES) {
    throw new VarveError('too-large', `settings of ${bytes.length} bytes`, {
      data: { bytes: bytes.length, limit: MAX_SETTINGS_BYTES },
    })
  }
  return bytes
}

function corrupt(reason: string, cause?: unknown): VarveError {
  return new VarveError('corrupt-object', `bad settings: ${reason}`, { cause })
}

/** Reads canonical bytes, and nothing else: `corrupt-object`. */
export function decodeSettings(bytes: Uint8Array): Settings {
  if (bytes.length > MAX_SETTINGS_BYTES) throw corrupt('too large')
  if (!isUtf8(bytes)) throw corrupt('not valid UTF-8')
  let settings: Settings
  let again: Uint8Array
  try {
    const value: Json = JSON.parse(bytesToText(bytes))
    if (!isObject(value)) throw corrupt('not a JSON object')
    settings = new Map(Object.entries(value))
    again = encodeSettings(settings)
  } catch (cause) {
    // JSON.parse throws its own errors, and RangeError where the nesting outgrows the stack.
    throw corrupt(cause instanceof Error ? cause.message : 'not JSON', cause)
  }
  if (!equalBytes(bytes, again)) throw corrupt('not in canonical form')
  if (settings.size === 0) throw corrupt('empty')
  return settings
}

/** Stores settings; undefined where there are none, which is how a tree entry says so. */
export async function writeSettings(
  writer: ObjectWriter,
  settings: Settings,
): Promise<Id | undefined> {
  return settings.size === 0 ? undefined : writer.put('settings', encodeSettings(settings))
}

export async function readSettings(reader: ObjectReader, id: Id): Promise<Settings> {
  return decodeSettings(await reader.read(id, 'settings'))
}
