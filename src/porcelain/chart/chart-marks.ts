import type { DotRuns } from './dots.ts'

/** What a part of a chart is, so that whoever shows it chooses its colour. */
export type ChartRole = 'axis' | 'label' | 'before' | 'after' | 'both' | 'gap' | 'cursor'

export interface ChartSpan {
  readonly text: string
  readonly role: ChartRole
}

/** A line of a chart, of the same width as all others. */
export type ChartLine = readonly ChartSpan[]

export type ChartMarks = 'braille' | 'ascii'

/** Dots of one character, across and down. */
export const dotsOf: Readonly<Record<ChartMarks, { readonly x: number; readonly y: number }>> = {
  braille: { x: 2, y: 4 },
  ascii: { x: 1, y: 1 },
}

/** The characters that a chart is made of beside its dots. */
export interface Signs {
  readonly corner: string
  readonly horizontal: string
  readonly vertical: string
  readonly valueTick: string
  readonly timeTick: string
  readonly gap: string
  readonly cursor: string
  readonly after: string
  readonly before: string
  readonly both: string
  readonly cut: string
}

export const signsOf: Readonly<Record<ChartMarks, Signs>> = {
  braille: {
    corner: '└',
    horizontal: '─',
    vertical: '│',
    valueTick: '┤',
    timeTick: '┬',
    gap: '×',
    cursor: '┊',
    after: '⠤⠤',
    before: '⠄⠄',
    both: '⠤⠤',
    cut: '…',
  },
  ascii: {
    corner: '+',
    horizontal: '-',
    vertical: '|',
    valueTick: '+',
    timeTick: '+',
    gap: 'x',
    cursor: ':',
    after: '#',
    before: '.',
    both: '*',
    cut: '...',
  },
}

/** Dots of braille by their column and row; their sum, from U+2800 on, is the character. */
const BRAILLE = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
] as const

/** The dots of two versions in a grid of characters. */
export class DotGrid {
  readonly width: number
  readonly height: number
  readonly #marks: ChartMarks
  /** Sums of dots, a character an entry. */
  readonly #before: Uint8Array
  readonly #after: Uint8Array
  /** Characters in which the versions differ. */
  readonly #differs: Uint8Array

  constructor(width: number, height: number, marks: ChartMarks) {
    this.width = width
    this.height = height
    this.#marks = marks
    this.#before = new Uint8Array(width * height)
    this.#after = new Uint8Array(width * height)
    this.#differs = new Uint8Array(width)
  }

  /** Notes that versions differ in a column of dots. */
  differ(at: number): void {
    this.#differs[Math.floor(at / dotsOf[this.#marks].x)] = 1
  }

  /** All dots of a line. */
  drawAfter({ top, bottom }: DotRuns): void {
    for (let at = 0; at < top.length; at++) {
      if (top[at]! < 0) continue
      for (let dot = top[at]!; dot <= bottom[at]!; dot++) this.#set(this.#after, at, dot)
    }
  }

  /** A dotted line: each second dot, and all ends that stand out. */
  drawBefore({ top, bottom }: DotRuns): void {
    const isSparse = this.#marks === 'braille'
    for (let at = 0; at < top.length; at++) {
      const [from, to] = [top[at]!, bottom[at]!]
      if (from < 0) continue
      if (!isSparse || at % 2 === 0 || !isFlat(top, bottom, at)) {
        for (let dot = from; dot <= to; dot += isSparse ? 2 : 1) this.#set(this.#before, at, dot)
        this.#set(this.#before, at, to)
      }
    }
  }

  #set(dots: Uint8Array, at: number, dot: number): void {
    const { x, y } = dotsOf[this.#marks]
    const cell = Math.floor(dot / y) * this.width + Math.floor(at / x)
    dots[cell]! |= this.#marks === 'braille' ? BRAILLE[at % 2]![dot % 4]! : 1
  }

  /** The character of a place and what it is; undefined where there is no dot. */
  mark(column: number, row: number, isCompared: boolean): ChartSpan | undefined {
    const cell = row * this.width + column
    const [before, after] = [this.#before[cell]!, this.#after[cell]!]
    if (before === 0 && after === 0) return undefined
    const role =
      !isCompared || (this.#differs[column] === 0 && after !== 0)
        ? 'both'
        : after === 0
          ? 'before'
          : 'after'
    if (this.#marks === 'ascii') return { text: signsOf.ascii[role], role }
    const dots = role === 'both' ? after | (isCompared ? 0 : before) : before | after
    return { text: String.fromCodePoint(0x2800 + (dots || before)), role }
  }
}

/** Whether a dot is on a level line: no end of anything. */
function isFlat(top: Int32Array, bottom: Int32Array, at: number): boolean {
  return [at - 1, at, at + 1].every((near) => top[near] === top[at] && bottom[near] === top[at])
}
