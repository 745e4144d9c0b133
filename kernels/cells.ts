// Cells of a table in text as most of them are written (`plain-cells.ts` of the CSV format): times of ISO 8601
// down to seconds at least, and short numbers. Cell i begins at `text` + (starts[i · width] >> 2), ends before
// `text` + ends[i · width], and what is behind it is no part of its text. What is read is the same that the
// scanners of the format read; cells that these take and that are not here end a run.
//
// `seen` is what was seen of the cells, and goes on from call to call:
//
//   0   4  bits: see below
//   4   4  most digits of a fraction of a second
//   8   8  the last number, or the seconds of the last time: a double
//  16   8  the nanoseconds of the last time: a double

const ZERO: u32 = 0x30
const MINUS: u32 = 0x2d
const POINT: u32 = 0x2e
const COLON: u32 = 0x3a
const SPACE: u32 = 0x20
const LETTER_T: u32 = 0x54
const LETTER_Z: u32 = 0x5a

/** Some cell was smaller than the one above it. */
const DISORDER: u32 = 1
/** Some number was whole; some was not; some whole one had a minus. */
const WHOLE: u32 = 2
const DECIMAL: u32 = 4
const NEGATIVE: u32 = 8
/** Some time had no offset; some was of UTC. */
const LOCAL: u32 = 2
const UTC: u32 = 4

/** So many digits are exact in a double, and their power of ten is. */
const EXACT_DIGITS = 15
const MOST_FRACTION = 9
const DAY_SECONDS: i64 = 86400

const POWERS = memory.data<f64>([
  1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
])

@inline
function digitAt(at: usize): u32 {
  return <u32>load<u8>(at) - ZERO
}

/** Two digits, or a negative number. */
@inline
function twoDigits(at: usize): i32 {
  const tens = digitAt(at)
  const ones = digitAt(at + 1)
  return tens < 10 && ones < 10 ? <i32>(tens * 10 + ones) : -1
}

/**
 * Reads numbers of up to 15 digits, with a minus or without, and with digits on both sides of a point if there is one;
 * none that begins with a zero it could do without. Returns how many cells it took before the first of another kind.
 *
 * @param form where they go: 0 nowhere, 1 as doubles, 2 as 64-bit integers, where whole ones alone are taken
 */
export function readNumbers(
  text: usize,
  starts: usize,
  ends: usize,
  width: i32,
  rows: i32,
  point: u32,
  form: i32,
  target: usize,
  seen: usize,
): i32 {
  const step = <usize>width << 2
  let bits = load<u32>(seen)
  let last = load<f64>(seen, 8)
  let row = 0
  for (; row < rows; row++) {
    const end = text + <usize>load<u32>(ends)
    let at = text + <usize>(load<u32>(starts) >> 2)
    const isNegative = <u32>load<u8>(at) == MINUS
    if (isNegative) at++
    const first = at
    const leading = digitAt(at)
    let mantissa: i64 = 0
    let digit = leading
    while (digit < 10) {
      mantissa = mantissa * 10 + <i64>digit
      digit = digitAt(++at)
    }
    const whole = <i32>(at - first)
    if (whole == 0 || (whole > 1 && leading == 0)) break
    let decimals = 0
    if (at < end && <u32>load<u8>(at) == point) {
      const fraction = ++at
      digit = digitAt(at)
      while (digit < 10) {
        mantissa = mantissa * 10 + <i64>digit
        digit = digitAt(++at)
      }
      decimals = <i32>(at - fraction)
      if (decimals == 0 || form == 2) break
    }
    if (at != end || whole + decimals > EXACT_DIGITS) break
    let value = <f64>mantissa
    // Both are exact, so that the quotient is correctly rounded.
    if (decimals > 0) value /= load<f64>(POWERS + (<usize>decimals << 3))
    if (isNegative) value = -value
    bits |= decimals > 0 ? DECIMAL : isNegative ? WHOLE | NEGATIVE : WHOLE
    if (value < last) bits |= DISORDER
    last = value
    if (form == 1) store<f64>(target, value)
    else if (form == 2) store<i64>(target, isNegative ? -mantissa : mantissa)
    target += 8
    starts += step
    ends += step
  }
  store<u32>(seen, bits)
  store<f64>(seen, last, 8)
  return row
}

/** Days since 1970 of `YYYY-MM-DD`, or the smallest integer. */
function daysAt(at: usize): i32 {
  const century = twoDigits(at)
  const short = twoDigits(at + 2)
  const month = twoDigits(at + 5)
  const day = twoDigits(at + 8)
  if ((century | short | month | day) < 0) return i32.MIN_VALUE
  if (<u32>load<u8>(at, 4) != MINUS || <u32>load<u8>(at, 7) != MINUS) return i32.MIN_VALUE
  const year = century * 100 + short
  const isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  const isShort = month == 4 || month == 6 || month == 9 || month == 11
  const most = month == 2 ? (isLeap ? 29 : 28) : isShort ? 30 : 31
  if (month < 1 || month > 12 || day < 1 || day > most) return i32.MIN_VALUE
  // Years that begin in March, so that a leap day is the last of one; 400 more of them keep all above zero.
  const shifted = month < 3 ? year + 399 : year + 400
  const dayOfYear = (153 * (month < 3 ? month + 9 : month - 3) + 2) / 5 + day - 1
  return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 865_565
}

/** `00:00:00`; what added to its digits tells those above nine; the bits that no clock has then. */
const CLOCK: u64 = 0x30303a30303a3030
const CLOCK_SIXES: u64 = 0x0606000606000606
const CLOCK_HALVES: u64 = 0xf0f0fff0f0fff0f0

/** Seconds of the `hh:mm:ss` that eight bytes are, or a negative number. */
@inline
function secondsOf(bytes: u64): i32 {
  const digits = bytes ^ CLOCK
  if (((digits | (digits + CLOCK_SIXES)) & CLOCK_HALVES) != 0) return -1
  const pairs = digits * 10 + (digits >> 8)
  const hour = <i32>pairs & 255
  const minute = <i32>(pairs >> 24) & 255
  const second = <i32>(pairs >> 48) & 255
  return hour < 24 && minute < 60 && second < 60 ? hour * 3600 + minute * 60 + second : -1
}

/**
 * As {@link readTimes}, those of the same day as the one before them, which `seen` tells of, and written as it is, without
 * a fraction. There is less to keep in mind than for all times: it fits the processor's registers.
 *
 * @param gap from the starts to the ends
 */
function readClocks(
  text: usize,
  starts: usize,
  gap: usize,
  width: i32,
  rows: i32,
  digits: i32,
  reach: i64,
  target: usize,
  seen: usize,
): i32 {
  const step = <usize>width << 2
  const scale = <i64>load<f64>(POWERS + (<usize>digits << 3))
  const before = text + <usize>(load<u32>(starts - step) >> 2)
  const size = text + <usize>load<u32>(starts - step + gap) - before
  if (size > 20) return 0
  const upper = load<u64>(before)
  // From the minus in front of the day to the letter behind it.
  const lower = load<u32>(before, 7)
  let last = secondsOf(load<u64>(before, 11))
  const midnight = <i64>load<f64>(seen, 8) - <i64>last
  if (midnight < -reach || midnight + DAY_SECONDS > reach) return 0
  // Negative once a time was smaller than the one above it.
  let steps = 0
  let row = 0
  for (; row < rows; row++) {
    const at = text + <usize>(load<u32>(starts) >> 2)
    if (text + <usize>load<u32>(starts + gap) - at != size) break
    if (load<u64>(at) != upper || load<u32>(at, 7) != lower) break
    if (size > 19 && <u32>load<u8>(at, 19) != LETTER_Z) break
    const seconds = secondsOf(load<u64>(at, 11))
    if (seconds < 0) break
    steps |= seconds - last
    last = seconds
    store<i64>(target, (midnight + <i64>seconds) * scale)
    target += 8
    starts += step
  }
  if (steps < 0) store<u32>(seen, load<u32>(seen) | DISORDER)
  store<f64>(seen, <f64>(midnight + <i64>last), 8)
  return row
}

/**
 * As {@link readTimes}, but ends behind a cell that was kept where the next is likely to be of the same day and written the
 * same way: {@link readClocks} reads such cells faster.
 */
function readAnyTimes(
  text: usize,
  starts: usize,
  ends: usize,
  width: i32,
  rows: i32,
  takesLocal: bool,
  digits: i32,
  reach: f64,
  target: usize,
  seen: usize,
): i32 {
  const step = <usize>width << 2
  const scale = <i64>load<f64>(POWERS + (<usize>digits << 3))
  const unit = <i64>load<f64>(POWERS + (<usize>(MOST_FRACTION - digits) << 3))
  const limit = <i64>reach
  let bits = load<u32>(seen)
  let most = load<i32>(seen, 4)
  let lastSeconds = <i64>load<f64>(seen, 8)
  let lastNanoseconds = <i64>load<f64>(seen, 16)
  // The minute that was read last: most are of the same, or of the same day. First bytes that no text has.
  let yearAndMonth = u64.MAX_VALUE
  let dayToMinute = u64.MAX_VALUE
  let days: i64 = 0
  let minutes: i64 = 0
  let row = 0
  for (; row < rows; row++) {
    const end = text + <usize>load<u32>(ends)
    let at = text + <usize>(load<u32>(starts) >> 2)
    if (<i32>(end - at) < 19) break
    const upper = load<u64>(at)
    const lower = load<u64>(at, 8)
    let isSameDay = true
    if (upper != yearAndMonth || lower != dayToMinute) {
      if (upper != yearAndMonth || <u16>lower != <u16>dayToMinute) {
        const found = daysAt(at)
        if (found == i32.MIN_VALUE) break
        days = <i64>found
        isSameDay = false
      }
      const between = <u32>load<u8>(at, 10)
      const hour = twoDigits(at + 11)
      const minute = twoDigits(at + 14)
      if (
        (between != LETTER_T && between != SPACE) ||
        <u32>load<u8>(at, 13) != COLON ||
        (hour | minute) < 0 ||
        hour > 23 ||
        minute > 59
      ) {
        break
      }
      yearAndMonth = upper
      dayToMinute = lower
      minutes = days * DAY_SECONDS + <i64>(hour * 3600 + minute * 60)
    }
    const second = twoDigits(at + 17)
    if (<u32>load<u8>(at, 16) != COLON || <u32>second > 59) break
    const seconds = minutes + <i64>second
    at += 19
    let nanoseconds: i64 = 0
    let fraction: i64 = 0
    let count = 0
    if (at < end && <u32>load<u8>(at) == POINT) {
      const first = ++at
      let digit = digitAt(at)
      while (digit < 10) {
        nanoseconds = nanoseconds * 10 + <i64>digit
        digit = digitAt(++at)
      }
      count = <i32>(at - first)
      if (count == 0 || count > MOST_FRACTION) break
      if (count <= digits) {
        fraction = nanoseconds * <i64>load<f64>(POWERS + (<usize>(digits - count) << 3))
        nanoseconds = fraction * unit
      } else {
        nanoseconds *= <i64>load<f64>(POWERS + (<usize>(MOST_FRACTION - count) << 3))
        fraction = nanoseconds / unit
        if (fraction * unit != nanoseconds) break
      }
    }
    let bit = LOCAL
    if (at < end && <u32>load<u8>(at) == LETTER_Z) {
      at++
      bit = UTC
    } else if (!takesLocal) break
    if (at != end || seconds > limit || seconds < -limit) break
    bits |= bit
    if (count > most) most = count
    if (seconds < lastSeconds || (seconds == lastSeconds && nanoseconds < lastNanoseconds)) {
      bits |= DISORDER
    }
    lastSeconds = seconds
    lastNanoseconds = nanoseconds
    starts += step
    ends += step
    if (target == 0) continue
    store<i64>(target, seconds * scale + fraction)
    target += 8
    if (isSameDay && count == 0) {
      row++
      break
    }
  }
  store<u32>(seen, bits)
  store<i32>(seen, most, 4)
  store<f64>(seen, <f64>lastSeconds, 8)
  store<f64>(seen, <f64>lastNanoseconds, 16)
  return row
}

/**
 * Reads times: `YYYY-MM-DD`, `T` or a space, `hh:mm:ss`, and maybe a point with up to nine digits; with `Z`, or with
 * nothing where `takesLocal`. Returns how many cells it took before the first of another kind, or of a time beyond
 * `reach`, in seconds from 1970, or with a fraction that the unit does not hold.
 *
 * @param digits of a fraction that the unit of what is stored holds: 0, 3, 6 or 9
 * @param target of 64-bit integers in that unit since 1970; 0 where they go nowhere
 */
export function readTimes(
  text: usize,
  starts: usize,
  ends: usize,
  width: i32,
  rows: i32,
  takesLocal: bool,
  digits: i32,
  reach: f64,
  target: usize,
  seen: usize,
): i32 {
  const step = <usize>width << 2
  let row = 0
  while (row < rows) {
    const from = <usize>row * step
    const left = rows - row
    const any = readAnyTimes(
      text,
      starts + from,
      ends + from,
      width,
      left,
      takesLocal,
      digits,
      reach,
      target,
      seen,
    )
    if (any == 0) break
    row += any
    if (target == 0) continue
    target += <usize>any << 3
    const clocks = readClocks(
      text,
      starts + <usize>row * step,
      ends - starts,
      width,
      rows - row,
      digits,
      <i64>reach,
      target,
      seen,
    )
    row += clocks
    target += <usize>clocks << 3
  }
  return row
}
