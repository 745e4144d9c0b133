// Lines of a table in text (`plain-lines.ts` of the CSV format). A cell is `lengths[i]` bytes from `places[i]`
// on: of numbers and times in a slot of 32 bytes of its own, of texts where they lie. Up to 32 bytes behind a cell are
// read, and as many behind what is written overwritten.

const SLOT: usize = 32
const ZERO: u32 = 0x30
const ZEROS: u64 = 0x3030303030303030
const EIGHT_DIGITS: u64 = 100000000
const MINUS: u8 = 0x2d
const POINT: u8 = 0x2e
const COLON: u8 = 0x3a
const LETTER_T: u8 = 0x54
const LETTER_Z: u8 = 0x5a
/** `:00Z` */
const SECOND_TEXT: u32 = 0x5a30303a
const DAY_MINUTES: i64 = 1440
/** The days of the first and the last year of four digits. */
const FIRST_DAY: i64 = -719528
const LAST_DAY: i64 = 2932896

const POWERS = memory.data<f64>([
  1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
])

@inline
function power(exponent: i32): f64 {
  return load<f64>(POWERS + (<usize>exponent << 3))
}

@inline
function writeTwo(at: usize, value: u32): void {
  const tens = value / 10
  store<u16>(at, <u16>(0x3030 + tens + ((value - tens * 10) << 8)))
}

/** Exactly `count` digits, with zeros in front. */
@inline
function writePadded(at: usize, value: u64, count: i32): void {
  let rest = value
  for (let i = at + <usize>count - 1; i >= at; i--) {
    const quotient = rest / 10
    store<u8>(i, <u8>(ZERO + <u32>(rest - quotient * 10)))
    rest = quotient
  }
}

/** The eight digits of a number below 10⁸, zeros in front, as bytes 0 to 9: the first in the lowest byte. */
@inline
function eightDigits(value: u32): u64 {
  const upper = value / 10000
  let digits = <u64>upper | (<u64>(value - upper * 10000) << 32)
  const hundreds = ((digits * 5243) >> 19) & 0x0000007f0000007f
  digits = hundreds | ((digits - hundreds * 100) << 16)
  const tens = ((digits * 103) >> 10) & 0x000f000f000f000f
  return tens | ((digits - tens * 10) << 8)
}

/** The digits of a whole number; returns where they end. Seven bytes behind that may be overwritten. */
function writeWhole(at: usize, value: u64): usize {
  if (value >= EIGHT_DIGITS) {
    const upper = value / EIGHT_DIGITS
    const end = writeWhole(at, upper)
    store<u64>(end, eightDigits(<u32>(value - upper * EIGHT_DIGITS)) | ZEROS)
    return end + 8
  }
  const digits = eightDigits(<u32>value)
  // The last digit is written also where it is 0.
  const leading = ctz(digits | (1 << 56)) & 56
  store<u64>(at, (digits | ZEROS) >> leading)
  return at + 8 - <usize>(leading >> 3)
}

@inline
function put(slot: usize, end: usize, row: i32, places: usize, lengths: usize): void {
  store<u32>(places + (<usize>row << 2), <u32>slot)
  store<u32>(lengths + (<usize>row << 2), <u32>(end - slot))
}

/** `YYYY-MM-DD` of a day of a year of four digits. */
function writeDay(at: usize, days: i32): void {
  // Years that begin in March, from the year 0 on.
  const shifted = days + 719468
  const era = (shifted >= 0 ? shifted : shifted - 146096) / 146097
  const dayOfEra = shifted - era * 146097
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  const shiftedMonth = (5 * dayOfYear + 2) / 153
  const day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const year = yearOfEra + era * 400 + (month < 3 ? 1 : 0)
  writeTwo(at, year / 100)
  writeTwo(at + 2, year % 100)
  store<u8>(at, MINUS, 4)
  writeTwo(at + 5, month)
  store<u8>(at, MINUS, 7)
  writeTwo(at + 8, day)
}

/**
 * Writes times, 64-bit integers of units since 1970, as `YYYY-MM-DDThh:mm:ss[.f]Z`. Returns how many, up to the
 * first of a year that has not four digits or, of nanoseconds, of a minute that 64 bits do not hold whole.
 *
 * @param digits of a fraction of a second that the unit holds: 0, 3, 6 or 9
 */
export function writeTimes(
  values: usize,
  rows: i32,
  digits: i32,
  slots: usize,
  places: usize,
  lengths: usize,
): i32 {
  const scale = power(digits)
  const minuteUnits = 60 * <i64>scale
  let lastDays = i64.MIN_VALUE
  // The minute that the line before is in, and how it is written; at first one that the first line is not in.
  let minuteStart = load<i64>(values) + 1
  let minuteText = i64x2.splat(0)
  let slot = slots
  for (let row = 0; row < rows; row++, slot += SLOT) {
    const value = load<i64>(values + (<usize>row << 3))
    let within = <u64>(value - minuteStart)
    if (within >= <u64>minuteUnits) {
      let minutes = value / minuteUnits
      if (value < minutes * minuteUnits) minutes--
      let days = minutes / DAY_MINUTES
      let clock = <i32>(minutes - days * DAY_MINUTES)
      if (clock < 0) {
        clock += <i32>DAY_MINUTES
        days--
      }
      minuteStart = minutes * minuteUnits
      if (days < FIRST_DAY || days > LAST_DAY) return row
      // Of nanoseconds, the first minute begins before 64 bits, and the last ends behind them.
      if (minuteStart > value || minuteStart + minuteUnits < value) return row
      if (days == lastDays) v128.store(slot, minuteText)
      else writeDay(slot, <i32>days)
      lastDays = days
      const hour = <u32>clock / 60
      store<u8>(slot, LETTER_T, 10)
      writeTwo(slot + 11, hour)
      store<u8>(slot, COLON, 13)
      writeTwo(slot + 14, <u32>clock - hour * 60)
      minuteText = v128.load(slot)
      within = <u64>(value - minuteStart)
    } else v128.store(slot, minuteText)
    // Both are less than 2⁵³, and no quotient is near enough to the next whole number to be rounded to it.
    const second = digits == 0 ? <u32>within : <u32>(<f64>within / scale)
    const tens = second / 10
    store<u32>(slot, SECOND_TEXT + (tens << 8) + ((second - tens * 10) << 16), 16)
    let end = slot + 20
    if (digits != 0) {
      let rest = within - <u64>second * <u64>scale
      if (rest != 0) {
        let count = digits
        while (rest % 10 == 0) {
          rest /= 10
          count--
        }
        store<u8>(slot, POINT, 19)
        writePadded(end, rest, count)
        end += <usize>count
        store<u8>(end++, LETTER_Z)
      }
    }
    put(slot, end, row, places, lengths)
  }
  return rows
}

/** Writes dates, days since 1970 in 32 bits. Returns how many, up to the first of a year that has not four digits. */
export function writeDates(
  values: usize,
  rows: i32,
  slots: usize,
  places: usize,
  lengths: usize,
): i32 {
  let slot = slots
  for (let row = 0; row < rows; row++, slot += SLOT) {
    const days = load<i32>(values + (<usize>row << 2))
    if (<i64>days < FIRST_DAY || <i64>days > LAST_DAY) return row
    writeDay(slot, days)
    put(slot, slot + 10, row, places, lengths)
  }
  return rows
}

/** Writes 64-bit integers. */
export function writeIntegers(
  values: usize,
  rows: i32,
  slots: usize,
  places: usize,
  lengths: usize,
): void {
  let slot = slots
  for (let row = 0; row < rows; row++, slot += SLOT) {
    const value = load<i64>(values + (<usize>row << 3))
    let at = slot
    if (value < 0) store<u8>(at++, MINUS)
    put(slot, writeWhole(at, value < 0 ? <u64>0 - <u64>value : <u64>value), row, places, lengths)
  }
}

/** {@link eightDigits} of two numbers that are doubles. */
@inline
function eightDigitsOfTwo(values: v128): v128 {
  const numbers = i32x4.trunc_sat_f64x2_u_zero(values)
  // By 10000: times 2⁴⁵ / 10000, rounded up.
  const upper = i64x2.shr_u(i64x2.extmul_low_i32x4_u(numbers, i32x4.splat(0xd1b71759)), 45)
  const lower = i64x2.sub(
    i64x2.extend_low_i32x4_u(numbers),
    i32x4.mul(upper, i32x4.splat(10000)),
  )
  let digits = v128.or(upper, i64x2.shl(lower, 32))
  const hundreds = i32x4.shr_u(i32x4.mul(digits, i32x4.splat(5243)), 19)
  const ones = i32x4.sub(digits, i16x8.mul(hundreds, i16x8.splat(100)))
  digits = v128.or(hundreds, i32x4.shl(ones, 16))
  const tens = i16x8.shr_u(i16x8.mul(digits, i16x8.splat(103)), 10)
  return v128.or(tens, i16x8.shl(i16x8.sub(digits, i16x8.mul(tens, i16x8.splat(10))), 8))
}

/**
 * Writes eight digits that are not all 0 as a number divided by 10 to the power of `decimals`, fewer than eight;
 * returns where it ends.
 */
@inline
function writeShort(at: usize, digits: u64, decimals: i32): usize {
  const skipped = min(<i32>(ctz(digits) >> 3), 7 - decimals)
  const left = decimals - min(<i32>(clz(digits) >> 3), decimals)
  const text = (digits | ZEROS) >> (skipped << 3)
  const whole = 8 - skipped - decimals
  store<u64>(at, text)
  const point = at + <usize>whole
  store<u8>(point, POINT)
  // Of no decimals it shifts by nothing where there are eight digits; that is not looked at then.
  store<u64>(point + 1, text >> (whole << 3))
  return point + <usize>(left == 0 ? 0 : left + 1)
}

/**
 * Writes doubles that are decimals of at most 15 digits: those that are a whole number divided by a power of ten
 * are written with its digits, and no two of them are the same double, so that it is the shortest text that
 * reads back. The numbers of the others go to `exceptions`; returns how many these are.
 */
export function writeDoubles(
  values: usize,
  rows: i32,
  slots: usize,
  places: usize,
  lengths: usize,
  exceptions: usize,
): i32 {
  let usual = 0
  let found = 0
  let slot = slots
  for (let row = 0; row < rows; row++, slot += SLOT) {
    // Two of few digits, with as many decimals as those before them.
    while (row + 1 < rows && usual < 8) {
      const pair = v128.load(values + (<usize>row << 3))
      const sizes = f64x2.abs(pair)
      const scale = f64x2.splat(power(usual))
      const rounded = f64x2.floor(f64x2.add(f64x2.mul(sizes, scale), f64x2.splat(0.5)))
      const isShort = v128.and(
        f64x2.lt(rounded, f64x2.splat(<f64>EIGHT_DIGITS)),
        v128.and(
          f64x2.ge(sizes, f64x2.splat(1e-6)),
          f64x2.eq(f64x2.div(rounded, scale), sizes),
        ),
      )
      if (!i64x2.all_true(isShort)) break
      const digits = eightDigitsOfTwo(rounded)
      const signs = i64x2.bitmask(pair)
      store<u8>(slot, MINUS)
      const first = writeShort(slot + <usize>(signs & 1), i64x2.extract_lane(digits, 0), usual)
      put(slot, first, row, places, lengths)
      slot += SLOT
      store<u8>(slot, MINUS)
      const second = writeShort(slot + <usize>(signs >> 1), i64x2.extract_lane(digits, 1), usual)
      put(slot, second, row + 1, places, lengths)
      slot += SLOT
      row += 2
    }
    if (row == rows) break
    const value = load<f64>(values + (<usize>row << 3))
    const size = Math.abs(value)
    let decimals = usual
    let rounded = 0.0
    let isShort = size >= 1e-6 && size < 1e15
    if (isShort) {
      rounded = Math.floor(size * power(decimals) + 0.5)
      if (rounded >= 1e15 || rounded / power(decimals) != size) {
        decimals = 15
        for (let rest = <u64>size; rest > 0; rest /= 10) decimals--
        rounded = Math.floor(size * power(decimals) + 0.5)
        isShort = rounded < 1e15 && rounded / power(decimals) == size
        usual = 0
      }
    }
    if (!isShort) {
      put(slot, slot + 1, row, places, lengths)
      // By bits: −0 is not 0.
      if (reinterpret<u64>(value) == 0) store<u8>(slot, <u8>ZERO)
      else {
        store<u32>(exceptions + (<usize>found << 2), <u32>row)
        found++
      }
      continue
    }
    store<u8>(slot, MINUS)
    let at = slot + <usize>(value < 0)
    if (rounded < <f64>EIGHT_DIGITS && decimals < 8) {
      const digits = eightDigits(<u32>(<i32>rounded))
      put(slot, writeShort(at, digits, decimals), row, places, lengths)
      continue
    }
    let digits = <u64>rounded
    while (decimals > 0) {
      const tenth = digits / 10
      if (tenth * 10 != digits) break
      digits = tenth
      decimals--
    }
    if (decimals > usual) usual = decimals
    if (decimals == 0) at = writeWhole(at, digits)
    else {
      const whole = <u64>size
      at = writeWhole(at, whole)
      store<u8>(at, POINT)
      writePadded(at + 1, digits - whole * <u64>power(decimals), decimals)
      at += 1 + <usize>decimals
    }
    put(slot, at, row, places, lengths)
  }
  return found
}

/**
 * Says where texts lie. Returns how many have nothing in them, or −1 where one has a byte in it that `special`, a
 * byte for each, marks.
 */
export function placeTexts(
  bytes: usize,
  offsets: usize,
  rows: i32,
  special: usize,
  places: usize,
  lengths: usize,
): i32 {
  const first = load<u32>(offsets)
  const end = bytes + <usize>(load<u32>(offsets + (<usize>rows << 2)) - first)
  for (let at = bytes; at < end; at++) {
    if (load<u8>(special + <usize>load<u8>(at)) != 0) return -1
  }
  let empty = 0
  for (let row = 0; row < rows; row++) {
    const start = load<u32>(offsets + (<usize>row << 2))
    const next = load<u32>(offsets + (<usize>row << 2), 4)
    if (start == next) empty++
    const at = bytes + <usize>(start - first)
    put(at, at + <usize>(next - start), row, places, lengths)
  }
  return empty
}

/**
 * Puts lines together. `places` and `lengths` hold the cells of the first column, then those of the second, and
 * so on. Returns how many bytes they are.
 *
 * @param lineEnd one byte or, where the upper half of the low 16 bits is not 0, two
 */
export function joinLines(
  places: usize,
  lengths: usize,
  width: i32,
  rows: i32,
  delimiter: i32,
  lineEnd: i32,
  target: usize,
): usize {
  const column = <usize>rows << 2
  const endBytes: usize = lineEnd > 0xff ? 2 : 1
  let at = target
  for (let row = 0; row < rows; row++) {
    let cell = <usize>row << 2
    for (let i = 0; i < width; i++) {
      if (i > 0) store<u8>(at++, <u8>delimiter)
      const from = <usize>load<u32>(places + cell)
      const length = <usize>load<u32>(lengths + cell)
      v128.store(at, v128.load(from))
      v128.store(at, v128.load(from, 16), 16)
      if (length > SLOT) memory.copy(at, from, length)
      at += length
      cell += column
    }
    store<u16>(at, <u16>lineEnd)
    at += endBytes
  }
  return at - target
}
