import type { Id } from '../../core/id.ts'

/** Lanes that are drawn; those beyond are only counted. */
export const SHOWN_LANES = 24

/**
 * One commit's row of the graph: two cells a lane. `*` is the commit, `|` a lane that goes by, `-` on the way to a
 * lane, `+` a lane that crosses it; `\` is a lane that begins here, `/` one that ends here.
 */
export type GraphRow = string

/**
 * Draws the lines of history beside commits that come children first, a row a commit, each from where the one before
 * left off. A lane stays in its place until it ends, so that a row never moves those that pass it.
 *
 * `varve log --graph` has room for more rows than commits, and draws with `GraphLanes`.
 */
export class GraphRows {
  /** What each lane leads to; undefined where none is. */
  readonly #lanes: (Id | undefined)[] = []
  readonly #of = new Map<Id, number[]>()
  /** Each row is there once, however many commits have it. */
  readonly #rows = new Map<GraphRow, GraphRow>()

  next(id: Id, parents: readonly Id[]): GraphRow {
    const meeting = this.#of.get(id) ?? []
    const before = this.#active()
    this.#of.delete(id)
    for (const lane of meeting) this.#lanes[lane] = undefined
    const own = meeting.length > 0 ? Math.min(...meeting) : this.#free()
    const ending = meeting.filter((lane) => lane !== own)
    const beginning: number[] = []
    for (const [i, parent] of parents.entries()) {
      // A second parent that a lane leads to already needs none of its own.
      const known = this.#of.get(parent)
      if (i > 0 && known !== undefined) {
        beginning.push(known[0]!)
        continue
      }
      const lane = i === 0 ? own : this.#free()
      this.#lanes[lane] = parent
      this.#of.set(parent, [...(known ?? []), lane])
      if (i > 0) beginning.push(lane)
    }
    while (this.#lanes.length > 0 && this.#lanes.at(-1) === undefined) this.#lanes.pop()
    const drawn = row(own, before, this.#lanes, ending, beginning)
    const known = this.#rows.get(drawn)
    if (known === undefined) this.#rows.set(drawn, drawn)
    return known ?? drawn
  }

  #free(): number {
    const gap = this.#lanes.indexOf(undefined)
    const lane = gap < 0 ? this.#lanes.length : gap
    if (gap < 0) this.#lanes.push(undefined)
    return lane
  }

  #active(): ReadonlySet<number> {
    const shown = this.#lanes.slice(0, SHOWN_LANES)
    return new Set(shown.flatMap((to, lane) => (to === undefined ? [] : [lane])))
  }
}

function row(
  own: number,
  before: ReadonlySet<number>,
  after: readonly (Id | undefined)[],
  ending: readonly number[],
  beginning: readonly number[],
): GraphRow {
  const ends = [...ending, ...beginning]
  const far = Math.max(own, ...ends)
  const near = Math.min(own, ...ends)
  const count = Math.min(SHOWN_LANES, Math.max(after.length, far + 1, ...before) + 1)
  const cells: string[] = []
  for (let lane = 0; lane < count; lane++) {
    const isCrossed = lane > near && lane < far
    const goesBy = before.has(lane) && after[lane] !== undefined
    if (lane === own) cells.push('*')
    else if (ending.includes(lane)) cells.push('/')
    else if (beginning.includes(lane)) cells.push(goesBy ? '+' : '\\')
    else if (goesBy) cells.push(isCrossed ? '+' : '|')
    else cells.push(isCrossed ? '-' : ' ')
    cells.push(lane >= near && lane < far ? '-' : ' ')
  }
  if (own >= SHOWN_LANES) cells[cells.length - 2] = '*'
  return cells.join('').trimEnd()
}
