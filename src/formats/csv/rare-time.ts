import { momentOf, parseIso } from '../../core/time.ts'
import { IS_DATE, IS_TIME, NOT_A_TIME, scannedTime } from './scan.ts'

const TIME_SHAPE =
  /^\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)? ?(?:Z|z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/

/** Seconds within which any microsecond timestamp fits 64 bits. */
const US_REACH = 9_223_372_036_853

/** Finds a date or time of ISO 8601 in one of the spellings that `scanTime` passes over, as that does. */
export function scanRareTime(text: string): number {
  const iso = /^\d{4}-|^[+-]\d{6,12}-/.test(text) ? parseIso(text) : undefined
  if (iso?.day === undefined || iso.fraction.length > 9) return NOT_A_TIME
  const moment = momentOf(iso)
  const seconds = Number(moment.seconds)
  if (Math.abs(seconds) > US_REACH) return NOT_A_TIME
  scannedTime[0] = seconds
  scannedTime[1] = moment.nanoseconds
  // Zeros at its end count, as in every other spelling.
  scannedTime[2] = Math.min(9, /[.,](\d+)/.exec(text)?.[1]?.length ?? 0)
  scannedTime[3] = iso.offset === undefined ? 0 : 1
  return iso.hour === undefined ? IS_DATE : IS_TIME
}

/** Whether a text has the form of a date or time and is none: 30 February, 25:00. */
export function isImpossibleTime(text: string): boolean {
  return TIME_SHAPE.test(text) && parseIso(text) === undefined
}
