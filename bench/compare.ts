import { type Cost, median } from './measure.ts'
import type { Target } from './suite.ts'
import type { Row, Share } from './table.ts'

/** The name under which varve's own figures stand. */
export const VARVE = 'varve'
/** With this begins the name of a part of varve's own work: it is compared with nobody. */
export const PART = 'of it '

/** A cost, and what was left on disk where something was. */
export interface Measured extends Partial<Cost> {
  readonly storedBytes?: number
  readonly blockBytes?: number
}

const figures = ['seconds', 'cpuSeconds', 'peakBytes', 'storedBytes', 'blockBytes'] as const
const shared = ['seconds', 'cpuSeconds', 'peakBytes', 'storedBytes'] as const

/**
 * Costs of the same work by several programs, taken in turn: round after round, so that other work
 * on the machine falls on all of them alike. Figures are medians, shares medians of those of each round.
 */
export class Comparison {
  readonly #costs = new Map<string, Map<string, Measured[]>>()

  add(what: string, who: string, cost: Measured): void {
    const all = this.#costs.get(what) ?? new Map<string, Measured[]>()
    all.set(who, [...(all.get(who) ?? []), cost])
    this.#costs.set(what, all)
  }

  rows(): Row[] {
    return [...this.#costs].flatMap(([what, all]) => {
      const own = all.get(VARVE)
      return [...all]
        .sort(([a], [b]) => Number(b === VARVE) - Number(a === VARVE))
        .map(([who, costs]) => ({
          what,
          who,
          ...medians(costs),
          ...(own !== undefined &&
            who !== VARVE &&
            !who.startsWith(PART) && { share: shareOf(own, costs) }),
        }))
    })
  }

  /** A target for the share that varve takes; none where the peer was not measured. */
  target(what: string, peer: string, figure: keyof Share, most: number): Target[] {
    const row = this.rows().find((found) => found.what === what && found.who === peer)
    const called = `${what}: ${names[figure]}, of ${peer}'s`
    return targetOf(called, row?.share, figure, { most, unit: 'ratio' })
  }

  /** A target for varve's own figure. */
  ownTarget(what: string, figure: keyof Share, most: number): Target[] {
    const row = this.rows().find((found) => found.what === what && found.who === VARVE)
    const unit = figure.endsWith('Bytes') ? 'bytes' : 'seconds'
    return targetOf(`${what}: ${names[figure]}`, row, figure, { most, unit })
  }
}

const names: Readonly<Record<keyof Share, string>> = {
  seconds: 'time',
  cpuSeconds: 'CPU time',
  peakBytes: 'peak',
  storedBytes: 'bytes',
}

function targetOf(
  what: string,
  found: Share | undefined,
  figure: keyof Share,
  rest: Pick<Target, 'most' | 'unit'>,
): Target[] {
  const reached = found?.[figure]
  if (reached === undefined) return []
  const reachedCpu = figure === 'seconds' ? found?.cpuSeconds : undefined
  return [{ what, reached, ...rest, ...(reachedCpu !== undefined && { reachedCpu }) }]
}

function medians(costs: readonly Measured[]): Measured {
  return Object.fromEntries(
    figures.flatMap((figure) => {
      const values = costs.flatMap((cost) => cost[figure] ?? [])
      return values.length === 0 ? [] : [[figure, median(values)]]
    }),
  )
}

function shareOf(own: readonly Measured[], peer: readonly Measured[]): Share {
  return Object.fromEntries(
    shared.flatMap((figure) => {
      const rounds = peer.flatMap((cost, round) => {
        const [a, b] = [own[round]?.[figure], cost[figure]]
        return a === undefined || b === undefined || b === 0 ? [] : [a / b]
      })
      return rounds.length === 0 ? [] : [[figure, median(rounds)]]
    }),
  )
}
