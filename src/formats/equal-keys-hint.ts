import { type ColumnType, isTimestampType } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { escapeControl } from '../core/names.ts'
import type { Frame } from '../core/schema.ts'

/** A row of a frame. */
export interface RowAt {
  readonly frame: Frame
  readonly row: number
}

/**
 * The index that tells two rows of one key apart: a time does that best, and comes first in it then;
 * after it a text, then any other. Undefined where they are the same in every column.
 */
export function tellingApart(one: RowAt, other: RowAt): readonly string[] | undefined {
  const { columns, indexCount } = one.frame.schema
  const differ = columns.filter(
    (_, at) => at >= indexCount && textAt(one, at) !== textAt(other, at),
  )
  if (differ.length === 0) return undefined
  const time = differ.find(({ type }) => isTime(type))
  const more = time ?? differ.find(({ type }) => type === 'string') ?? differ[0]!
  const index = columns.slice(0, indexCount)
  const hasTime = index.some(({ type }) => isTime(type))
  return (more === time && !hasTime ? [more, ...index] : [...index, more]).map(({ name }) => name)
}

/**
 * What to do about two rows of one key in a table.
 *
 * @param names the index that tells them apart
 * @param isKnown whether the series is there: its index stays as it is
 */
export function equalKeysHint(names: readonly string[] | undefined, isKnown = false): string {
  if (isKnown) {
    return names === undefined
      ? 'the two rows are the same in every column: leave one of them out'
      : `a series keeps its index: leave one of the two rows out, or make a new series, --index ${shellWord(names)}`
  }
  if (names === undefined) {
    return 'the two rows are the same in every column; --duplicates allows equal keys in a new series'
  }
  return `a new series may be told apart by more columns, --index ${shellWord(names)}, or allow equal keys, --duplicates`
}

const isTime = (type: ColumnType): boolean => type === 'date' || isTimestampType(type)

function textAt({ frame, row }: RowAt, at: number): string {
  const value = scalarAt(frame.columns[at]!, row)
  return value instanceof Uint8Array
    ? Buffer.from(value).toString('hex')
    : `${typeof value} ${value}`
}

/** Names as one word of a shell, in double quotes where a comma would split them. */
function shellWord(names: readonly string[]): string {
  const quoted = names.map((name) =>
    /,|^".*"$/s.test(name) ? `"${name.replaceAll('"', '""')}"` : name,
  )
  const word = escapeControl(quoted.join(','))
  if (/^[\w.,/-]+$/.test(word)) return word
  if (!word.includes("'")) return `'${word}'`
  return /["$`\\!]/.test(word) ? `'${word.replaceAll("'", "'\\''")}'` : `"${word}"`
}
