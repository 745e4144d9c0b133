import stringWidth from 'string-width'
import { bytesToText } from '../core/bytes.ts'
import { type Column, isBytesType, isNull, isNumberType } from '../core/column.ts'
import { scalarAt } from '../core/column-ops.ts'
import { escapeControl } from '../core/names.ts'
import { formatScalar } from '../core/scalar-text.ts'
import type { Frame, Schema } from '../core/schema.ts'
import type { Zone } from '../core/zone.ts'

/** How parts of a table are made to stand out: plain unless given. */
export interface TextTableStyle {
  readonly bold?: (text: string) => string
  readonly dim?: (text: string) => string
}

export interface TextTableOptions {
  /** Columns of the terminal; the table is as wide as it needs to be unless given. */
  readonly width?: number | undefined
  /** Whether the names of the columns come first; they do unless told otherwise. */
  readonly header?: boolean | undefined
  /** The zone that times are shown in, with their offset; UTC unless given. */
  readonly zone?: Zone | undefined
  readonly style?: TextTableStyle | undefined
}

const NULL_MARK = '·'
const CUT_MARK = '…'
const GAP = '  '
/** Text is cut to this many columns of the terminal. */
const WIDEST = 48
/** No text is cut to less than this so that more columns fit. */
const NARROWEST = 12

interface Cell {
  readonly text: string
  readonly width: number
  readonly isNull?: boolean
}

interface Layout {
  /** Positions of the columns that are shown. */
  readonly shown: readonly number[]
  readonly widths: number[]
}

/**
 * A table for people: a line for the names of the columns, then a line a row; numbers to the right,
 * everything else to the left; a null as `·`, the empty text as nothing. Text is cut where it is
 * long, control characters in it are written out; numbers, dates and times are never cut. Columns
 * that do not fit are left out, from the last on; `hidden` names them.
 *
 * It is written page by page. The first decides which columns there are and how wide they are;
 * columns get wider where a later page needs it.
 */
export class TextTable {
  readonly #schema: Schema
  readonly #options: TextTableOptions
  #layout: Layout | undefined

  constructor(schema: Schema, options: TextTableOptions = {}) {
    this.#schema = schema
    this.#options = options
  }

  /** Names of the columns that are left out; known after the first page. */
  get hidden(): readonly string[] {
    const shown = new Set(this.#layout?.shown)
    return this.#layout === undefined
      ? []
      : this.#schema.columns.flatMap(({ name }, i) => (shown.has(i) ? [] : [name]))
  }

  /** The lines of some rows; on the first page behind that of the names. */
  page(frame: Frame): string[] {
    const { header = true, style = {} } = this.#options
    const first = this.#layout === undefined
    const cells = frame.columns.map((column) => cellsOf(column, this.#options.zone))
    const names = this.#schema.columns.map(({ name }) => cut(cellOf(escapeControl(name)), WIDEST))
    const columns = cells.map((column, i) => (first && header ? [names[i]!, ...column] : column))
    const { shown, widths } = this.#fit(columns)
    const marked = (cell: Cell, row: number): string => {
      if (cell.isNull) return style.dim?.(cell.text) ?? cell.text
      return first && header && row === 0 ? (style.bold?.(cell.text) ?? cell.text) : cell.text
    }
    const rows = frame.rows + (first && header ? 1 : 0)
    return Array.from({ length: rows }, (_, row) => {
      const parts = shown.map((position, i) => {
        const cell = cut(columns[position]![row]!, widths[i]!)
        const space = ' '.repeat(Math.max(widths[i]! - cell.width, 0))
        const text = marked(cell, row)
        if (isNumberType(this.#schema.columns[position]!.type)) return space + text
        return i === shown.length - 1 ? text : text + space
      })
      return parts.join(GAP).trimEnd()
    })
  }

  #fit(columns: readonly (readonly Cell[])[]): Layout {
    const needed = columns.map((cells) =>
      cells.reduce((most, { width }) => Math.max(most, width), 1),
    )
    if (this.#layout === undefined) {
      this.#layout = layoutOf(needed, this.#schema, this.#options.width)
      return this.#layout
    }
    const { shown, widths } = this.#layout
    shown.forEach((position, i) => {
      // Text keeps to its column; what cannot be cut makes it wider.
      if (!mayCut(this.#schema, position)) widths[i] = Math.max(widths[i]!, needed[position]!)
    })
    return this.#layout
  }
}

function mayCut(schema: Schema, position: number): boolean {
  return isBytesType(schema.columns[position]!.type)
}

/** As many columns as fit, from the first on: texts are made narrower before any is left out. */
function layoutOf(
  needed: readonly number[],
  schema: Schema,
  width = Number.POSITIVE_INFINITY,
): Layout {
  const least = needed.map((most, i) => (mayCut(schema, i) ? Math.min(most, NARROWEST) : most))
  let count = 0
  let used = -GAP.length
  while (count < needed.length && used + GAP.length + least[count]! <= width) {
    used += GAP.length + least[count]!
    count++
  }
  // One column at least, whatever is left of it.
  if (count === 0) return { shown: [0], widths: [Math.min(width, needed[0]!)] }
  const widths = least.slice(0, count)
  let room = width - used
  for (let i = 0; i < count && room > 0; i++) {
    const more = Math.min(room, needed[i]! - widths[i]!)
    widths[i]! += more
    room -= more
  }
  return { shown: widths.map((_, i) => i), widths }
}

function cellsOf(column: Column, zone: Zone | undefined): Cell[] {
  return Array.from({ length: column.length }, (_, row) => {
    if (isNull(column, row)) return { text: NULL_MARK, width: 1, isNull: true }
    if (!isBytesType(column.type)) {
      return cellOf(formatScalar(scalarAt(column, row), column.type, zone))
    }
    return cut(cellOf(escapeControl(beginning(column, row))), WIDEST)
  })
}

/** Bytes that {@link WIDEST} columns may take: of text that has marks above marks, too few. */
const MOST_BYTES = 1024

/** The beginning of a text, as long as anyone will see of it. */
function beginning(column: Column, row: number): string {
  const offsets = column.offsets!
  const bytes = (column.values as Uint8Array).subarray(offsets[row], offsets[row + 1])
  let end = Math.min(bytes.length, MOST_BYTES)
  if (column.type === 'binary') return formatScalar(bytes.slice(0, end), 'binary')
  // Not in the middle of a character.
  while (end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end--
  const text = bytesToText(bytes.subarray(0, end))
  return end < bytes.length ? text + CUT_MARK : text
}

const PLAIN = /^[\x20-\x7e]*$/

function cellOf(text: string): Cell {
  return { text, width: PLAIN.test(text) ? text.length : stringWidth(text) }
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** A text in so many columns of the terminal, with `…` at its end where not all of it fits. */
function cut(cell: Cell, width: number): Cell {
  if (cell.width <= width) return cell
  let text = ''
  let used = 0
  for (const { segment } of graphemes.segment(cell.text)) {
    const wide = cellOf(segment).width
    if (used + wide > width - 1) break
    text += segment
    used += wide
  }
  return { text: text + CUT_MARK, width: used + 1 }
}
