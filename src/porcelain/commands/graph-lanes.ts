import type { Style, StyleName } from '../../cli/style.ts'
import type { Id } from '../../core/id.ts'

const colours: readonly StyleName[] = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan']

interface Lane {
  /** The commit that the lane leads to. */
  readonly to: Id
  readonly colour: StyleName
}

/** The lines that go beside the text of one commit. */
export interface GraphLines {
  /** Beside its first line. */
  readonly head: GraphLine
  /** One each beside the next lines, and alone where there are none. */
  readonly turns: readonly GraphLine[]
  /** Beside all lines after those. */
  readonly rest: GraphLine
  /** Characters that all of them take, so that the text is in line. */
  readonly width: number
}

export interface GraphLine {
  readonly text: string
  /** Characters, without what colours take. */
  readonly length: number
}

/** A character of the graph, and the lane that it belongs to. */
interface Mark {
  readonly text: string
  readonly lane: Lane
}

/**
 * Draws the lines of history beside commits that come children first, as `git log --graph` does: a
 * column a lane, `*` where a commit is, `\` where a lane begins at a merge, `/` where one ends at the
 * commit that it came from.
 */
export class GraphLanes {
  #lanes: Lane[] = []
  #begun = 0

  next(id: Id, parents: readonly Id[], style: Style): GraphLines {
    let at = this.#lanes.findIndex(({ to }) => to === id)
    if (at < 0) {
      at = this.#lanes.length
      this.#lanes.push(this.#begin(id))
    }
    const own = this.#lanes[at]!
    let most = this.#lanes.length
    const head = this.#line(style, (line) => {
      line[2 * at] = { text: '*', lane: own }
    })
    const turns: GraphLine[] = []
    const [first, ...others] = parents
    if (first === undefined) {
      this.#lanes.splice(at, 1)
      if (at < this.#lanes.length) turns.push(this.#shift(at, style))
    } else {
      this.#lanes[at] = { ...own, to: first }
      for (const [i, other] of others.entries()) {
        this.#lanes.splice(at + 1 + i, 0, this.#begin(other))
        turns.push(this.#open(at + 1 + i, style))
      }
    }
    most = Math.max(most, this.#lanes.length)
    turns.push(...this.#join(style))
    return { head, turns, rest: this.#line(style), width: 2 * most }
  }

  #begin(to: Id): Lane {
    return { to, colour: colours[this.#begun++ % colours.length]! }
  }

  /** All lanes as they are, with changes. */
  #line(style: Style, change: (line: Mark[]) => void = () => undefined): GraphLine {
    const line: Mark[] = []
    for (const [i, lane] of this.#lanes.entries()) line[2 * i] = { text: '|', lane }
    change(line)
    return paint(line, style)
  }

  /** A lane was put in: it leaves the one before, and those behind it move over. */
  #open(at: number, style: Style): GraphLine {
    const line: Mark[] = []
    for (const [i, lane] of this.#lanes.entries()) {
      if (i < at) line[2 * i] = { text: '|', lane }
      else line[2 * i - 1] = { text: '\\', lane }
    }
    return paint(line, style)
  }

  /** A lane was taken out: those behind it move over. */
  #shift(at: number, style: Style): GraphLine {
    const line: Mark[] = []
    for (const [i, lane] of this.#lanes.entries()) {
      if (i < at) line[2 * i] = { text: '|', lane }
      else line[2 * i + 1] = { text: '/', lane }
    }
    return paint(line, style)
  }

  /** Lanes that lead to one commit become one. */
  #join(style: Style): GraphLine[] {
    const lines: GraphLine[] = []
    for (;;) {
      const seen = new Map<Id, number>()
      let into: number | undefined
      const from = this.#lanes.findIndex(({ to }, i) => {
        into = seen.get(to)
        seen.set(to, i)
        return into !== undefined
      })
      if (from < 0 || into === undefined) return lines
      const [lane] = this.#lanes.splice(from, 1)
      for (let gap = from; gap > into; gap--) {
        const moves = gap === from
        lines.push(
          this.#line(style, (line) => {
            line[2 * gap - 1] = { text: '/', lane: lane! }
            if (!moves) return
            for (let i = from; i < this.#lanes.length; i++) {
              delete line[2 * i]
              line[2 * i + 1] = { text: '/', lane: this.#lanes[i]! }
            }
          }),
        )
      }
    }
  }
}

function paint(line: readonly (Mark | undefined)[], style: Style): GraphLine {
  let text = ''
  for (let i = 0; i < line.length; i++) {
    const mark = line[i]
    text += mark === undefined ? ' ' : style[mark.lane.colour](mark.text)
  }
  return { text, length: line.length }
}

/** Text with the graph beside it, and the lines of the graph that it leaves. */
export function besideGraph(text: string, { head, turns, rest, width }: GraphLines): string {
  const lines = text.split('\n')
  const beside = [head, ...turns]
  return Array.from({ length: Math.max(lines.length, beside.length) }, (_, i) => {
    const { text: graph, length } = beside[i] ?? rest
    const line = lines[i] ?? ''
    return line === '' ? graph : graph + ' '.repeat(Math.max(1, width - length)) + line
  }).join('\n')
}

/** Text that comes below what {@link besideGraph} was given. */
export function belowGraph(text: string, { rest, width }: GraphLines): string {
  return besideGraph(text, { head: rest, turns: [], rest, width })
}
