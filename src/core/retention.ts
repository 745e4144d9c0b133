import { VarveError } from './errors.ts'

/** How many commits of a branch a rule keeps: each, the last of each period (UTC), or those that a tag names. */
export type Retained = 'all' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly' | 'tagged'

export interface RetentionRule {
  readonly keep: Retained
  /** How old a commit may be, in seconds; Infinity without end. */
  readonly seconds: number
}

const DAY = 86_400
const UNITS: ReadonlyMap<string, number> = new Map([
  ['h', 3600],
  ['d', DAY],
  ['w', 7 * DAY],
  ['mo', 30 * DAY],
  ['y', 365 * DAY],
])
const KINDS: readonly string[] = [
  'all',
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'yearly',
  'tagged',
] satisfies Retained[]
const RULE = /^([a-z]+)\s+(?:(\d{1,9})\s*(h|d|w|mo|y)|always)$/

/** The rules that a text such as `all 7d, daily 90d, tagged always` names. `invalid-value` for others. */
export function parseRetention(text: string): RetentionRule[] {
  return text.split(',').map((part) => {
    const [, keep, count, unit] = RULE.exec(part.trim()) ?? []
    if (keep === undefined || !KINDS.includes(keep)) throw notARule(part.trim())
    const seconds = unit === undefined ? Infinity : Number(count) * UNITS.get(unit)!
    return { keep: keep as Retained, seconds }
  })
}

/** The period that a time is in: the same number for two times of one, greater for later ones. */
export function periodOf(keep: Exclude<Retained, 'all' | 'tagged'>, seconds: number): number {
  if (keep === 'hourly') return Math.floor(seconds / 3600)
  const day = Math.floor(seconds / DAY)
  if (keep === 'daily') return day
  // 1970 began on a Thursday: weeks begin on Mondays.
  if (keep === 'weekly') return Math.floor((day + 3) / 7)
  const date = new Date(seconds * 1000)
  const year = date.getUTCFullYear()
  return keep === 'yearly' ? year : year * 12 + date.getUTCMonth()
}

function notARule(found: string): VarveError {
  return new VarveError('invalid-value', `not a rule of what to keep: ${JSON.stringify(found)}`, {
    data: { found: found.slice(0, 1000) },
    hint: 'as in "all 7d, daily 90d, monthly 5y, tagged always"; also hourly, weekly, yearly; spans in h, d, w, mo, y',
  })
}
