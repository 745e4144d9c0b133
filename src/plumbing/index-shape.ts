import type { ReadingJson } from './kept-reading.ts'

/** A file in the index's JSON: path of the series, file, id, bytes, nanoseconds, inode, reading. */
export type FileRow = [
  path: string,
  file: string,
  id: string,
  size: number,
  mtime: string,
  inode: string,
  reading?: ReadingJson,
]

/** What stands in the index's JSON. */
export interface IndexBody {
  readonly tree: string
  readonly base: string | null
  readonly packs: string[]
  readonly files: FileRow[]
  readonly stagedAt?: number
  readonly sources?: FileRow[]
  readonly past?: [string, string][]
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
/** −1 of a file whose stamp is not known. */
const isSize: Check = (value) => isCount(value) || value === -1
const isFlag: Check = (value) => typeof value === 'boolean'
const isWhole: Check = (value) => typeof value === 'string' && /^-?\d{1,20}$/.test(value)
const isPair: Check = (value) => isTuple(value, [isText, isText])
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)
const oneOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    texts.includes(value as string)

function isTuple(value: unknown, checks: readonly Check[]): boolean {
  return (
    Array.isArray(value) &&
    value.length === checks.length &&
    checks.every((check, at) => check(value[at]))
  )
}

const READING: ReadonlyMap<string, Check> = new Map([
  ['format', oneOf('csv', 'ndjson', 'parquet', 'arrow', 'arrow-file')],
  ['delimiter', isText],
  ['header', isFlag],
  ['names', listOf(isText)],
  ['decimal', oneOf('.', ',')],
  ['skip', isCount],
  ['nulls', listOf(isText)],
  ['dateFormat', isText],
  ['columns', listOf(isText)],
  ['rename', listOf(isPair)],
  ['zone', isText],
  ['dst', oneOf('infer', 'error', 'first', 'last')],
  ['mixed', isFlag],
])

const isReading: Check = (value) =>
  isObject(value) && Object.entries(value).every(([name, member]) => READING.get(name)?.(member))

const ROW = [isText, isText, isText, isSize, isWhole, isWhole]
const isFileRow: Check = (value) => isTuple(value, ROW) || isTuple(value, [...ROW, isReading])

const BODY: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['tree', isText],
  ['base', (value) => value === null || isText(value)],
  ['packs', listOf(isText)],
  ['files', listOf(isFileRow)],
  ['stagedAt', isCount],
  ['sources', listOf(isFileRow)],
  ['past', listOf(isPair)],
])

/** Whether parsed JSON is an index's, so that no member of it is of another type. */
export function isIndexBody(value: unknown): value is IndexBody {
  if (!isObject(value)) return false
  const members = new Map(Object.entries(value))
  return (
    ['tree', 'base', 'packs', 'files'].every((name) => members.has(name)) &&
    [...members].every(([name, member]) => BODY.get(name)?.(member) ?? true)
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
