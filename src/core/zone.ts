import { VarveError } from './errors.ts'
import { escapeControl } from './names.ts'
import { nearest } from './nearest.ts'
import { formatUtcOffset, parseUtcOffset } from './time.ts'

/** The clocks of a place. All times are whole seconds since 1970-01-01T00:00:00. */
export interface Zone {
  /** An IANA name as it is spelled, `UTC`, or an offset as `+02:00`. */
  readonly name: string
  /** Seconds that clocks are ahead of UTC at an instant. */
  offsetAt(seconds: number): number
  /**
   * The instants, in order, at which clocks show a local time: one; two where they were set back;
   * none where they were set forward past it.
   */
  instantsOf(local: number): readonly number[]
  /** The stretch without a change of clocks that a local time is in, if it is in one alone. */
  plainAt(local: number): LocalStretch | undefined
  /** The first instant at which clocks show a local time or, where they skip it, a later one. */
  firstAt(local: number): number
}

/** Local times that clocks show once, all with the same offset. */
export interface LocalStretch {
  readonly from: number
  /** The first local time behind it. */
  readonly to: number
  readonly offset: number
}

/** Instants between two changes of a zone's clocks. */
interface Stretch {
  readonly start: number
  readonly end: number
  readonly offset: number
}

/** Finds the stretch of an instant. */
type FindStretch = (seconds: number) => Stretch

const ZONE_NAME = /^[a-z][\w+-]*(\/[\w+-]+)*$/i

/** Local time is never further from UTC than this. */
const MAX_OFFSET = 26 * 3600
/** Temporal's instants end near year 275,760; from here on clocks are taken to stay as they are. */
const REACH = 8_600_000_000_000

class Clocks implements Zone {
  readonly name: string
  readonly #find: FindStretch
  /** Stretches met so far, by time. */
  readonly #met: Stretch[] = []
  #last: Stretch

  constructor(name: string, find: FindStretch) {
    this.name = name
    this.#find = find
    this.#last = find(0)
    this.#met.push(this.#last)
  }

  offsetAt(seconds: number): number {
    return this.#stretchAt(seconds).offset
  }

  instantsOf(local: number): readonly number[] {
    return this.#around(local)
      .map(({ start, end, offset }) => ({ start, end, at: local - offset }))
      .filter(({ start, end, at }) => at >= start && at < end)
      .map(({ at }) => at)
  }

  plainAt(local: number): LocalStretch | undefined {
    const [instant, ...others] = this.instantsOf(local)
    if (instant === undefined || others.length > 0) return undefined
    const here = this.#stretchAt(instant)
    let from = here.start + here.offset
    let to = here.end + here.offset
    for (const { start, end, offset } of this.#around(from, to)) {
      if (end <= here.start) from = Math.max(from, end + offset)
      if (start >= here.end) to = Math.min(to, start + offset)
    }
    return { from, to, offset: here.offset }
  }

  firstAt(local: number): number {
    const later = this.#around(local).find(({ end, offset }) => end + offset > local)!
    return Math.max(later.start, local - later.offset)
  }

  /** The stretches in which clocks may show a local time (or one of two), by time. */
  #around(local: number, other = local): Stretch[] {
    const stretches: Stretch[] = []
    for (const middle of local === other ? [local] : [local, other]) {
      if (!Number.isFinite(middle)) continue
      const end = middle + MAX_OFFSET
      let stretch = this.#stretchAt(middle - MAX_OFFSET)
      for (;;) {
        stretches.push(stretch)
        if (stretch.end > end) break
        stretch = this.#stretchAt(stretch.end)
      }
    }
    return stretches
  }

  #stretchAt(seconds: number): Stretch {
    const last = this.#last
    if (seconds >= last.start && seconds < last.end) return last
    const met = this.#met
    let low = 0
    let high = met.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (met[middle]!.end <= seconds) low = middle + 1
      else high = middle
    }
    let found = met[low]
    if (found === undefined || seconds < found.start) {
      found = this.#find(seconds)
      met.splice(low, 0, found)
    }
    this.#last = found
    return found
  }
}

const opened = new Map<string, Zone>()

/**
 * The clocks of an IANA zone (case does not matter) or of a fixed offset (`+02:00`); names of
 * old are kept as they are. `usage`, with the nearest name, for what is neither, and for `local`.
 * What zones there are and when their clocks change is the JavaScript engine's to know.
 */
export async function openZone(name: string): Promise<Zone> {
  const known = opened.get(name)
  if (known !== undefined) return known
  const zone = fixedZone(name) ?? (await namedZone(name))
  opened.set(name, zone)
  return zone
}

/** The zone, where there is one to open and it is not UTC itself. */
export async function openZoneUnlessUtc(name: string | undefined): Promise<Zone | undefined> {
  if (name === undefined) return undefined
  const zone = await openZone(name)
  return zone.name === 'UTC' ? undefined : zone
}

const always = (offset: number): FindStretch => {
  const stretch = { start: -Infinity, end: Infinity, offset }
  return () => stretch
}

function fixedZone(name: string): Zone | undefined {
  if (/^(utc|z)$/i.test(name)) return new Clocks('UTC', always(0))
  if (!/^[+-]/.test(name)) return undefined
  const offset = parseUtcOffset(name)
  if (offset === undefined) throw unknownZone(name)
  return new Clocks(offset === 0 ? 'UTC' : formatUtcOffset(offset), always(offset))
}

async function namedZone(name: string): Promise<Zone> {
  if (/^local(time)?$/i.test(name)) {
    throw new VarveError('usage', `the zone "${name}" is another one on another machine`, {
      data: { zone: name },
      hint: 'the same input would give other rows there: name the zone, as in Europe/Brussels',
    })
  }
  // Temporal takes whole times for the zones that they name.
  if (!ZONE_NAME.test(name)) throw unknownZone(name)
  const { Temporal } = await import('temporal-polyfill')
  const at = (seconds: number, id: string) =>
    Temporal.Instant.fromEpochMilliseconds(seconds * 1000).toZonedDateTimeISO(id)
  let id: string
  try {
    id = at(0, name).timeZoneId
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw unknownZone(name)
  }
  return new Clocks(id, (seconds) => {
    if (seconds >= REACH) return { start: REACH, end: Infinity, offset: offsetOf(at(REACH, id)) }
    if (seconds < -REACH) return { start: -Infinity, end: -REACH, offset: offsetOf(at(-REACH, id)) }
    const there = at(seconds, id)
    const next = there.getTimeZoneTransition('next')
    // The one that is asked for lies strictly before: a change at this very second counts.
    const previous = at(seconds + 1, id).getTimeZoneTransition('previous')
    return {
      start: Math.max(-REACH, secondsOf(previous) ?? -Infinity),
      end: Math.min(REACH, secondsOf(next) ?? Infinity),
      offset: offsetOf(there),
    }
  })
}

function offsetOf({ offsetNanoseconds }: { readonly offsetNanoseconds: number }): number {
  return Math.round(offsetNanoseconds / 1e9)
}

/** The second of a change of clocks; undefined where there is none. */
function secondsOf(change: { readonly epochMilliseconds: number } | null): number | undefined {
  const milliseconds = change?.epochMilliseconds
  return milliseconds === undefined ? undefined : Math.floor(milliseconds / 1000)
}

function unknownZone(name: string): VarveError {
  const names = Intl.supportedValuesOf('timeZone')
  const isCity = (zone: string): boolean =>
    zone.toLowerCase().endsWith(`/${name.trim().toLowerCase().replaceAll(' ', '_')}`)
  const near = names.find(isCity) ?? nearest(name, names)
  const shown = name.length > 60 ? `${name.slice(0, 57)}…` : name
  return new VarveError('usage', `there is no time zone ${escapeControl(JSON.stringify(shown))}`, {
    data: { zone: shown },
    hint: near === undefined ? 'such as Europe/Brussels, or +02:00' : `did you mean ${near}?`,
  })
}
