// Lines of a table in text (`plain-lines.ts` of the CSV format). A cell is `lengths[i]` bytes from `places[i]`
// on: of numbers and times in a slot of 32 bytes of its own, of texts where they lie. Up to 32 bytes behind a cell are
// read, and as many behind what is written overwritten.

const SLOT: usize = 32
const ZERO: u32 = 0x30
const MINUS: u8 = 0x2d
const POINT: u8 = 0x2e
const COLON: u8 = 0x3a
const LETTER_T: u8 = 0x54
const LETTER_Z: u8 = 0x5a
const DAY_SECONDS: i64 = 86400
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

/** The digits of a whole number; returns where they end. */
@inline
function writeWhole(at: usize, value: u64): usize {
  let count = 1
  for (let rest = value / 10; rest > 0; rest /= 10) count++
  writePadded(at, value, count)
  return at + <usize>count
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
 * first of a year that has not four digits.
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
  const scale = <i64>power(digits)
  let last = i64.MIN_VALUE
  let slot = slots
  for (let row = 0; row < rows; row++, slot += SLOT) {
    const value = load<i64>(values + (<usize>row << 3))
    let seconds = value / scale
    let fraction = value - seconds * scale
    if (fraction < 0) {
      fraction += scale
      seconds--
    }
    let days = seconds / DAY_SECONDS
    let clock = <u32>(seconds - days * DAY_SECONDS)
    if (<i32>clock < 0) {
      clock += <u32>DAY_SECONDS
      days--
    }
    if (days < FIRST_DAY || days > LAST_DAY) return row
    if (days == last) {
      store<u64>(slot, load<u64>(slot - SLOT))
      store<u16>(slot, load<u16>(slot - SLOT, 8), 8)
    } else writeDay(slot, <i32>days)
    last = days
    const hour = clock / 3600
    const minute = (clock - hour * 3600) / 60
    store<u8>(slot, LETTER_T, 10)
    writeTwo(slot + 11, hour)
    store<u8>(slot, COLON, 13)
    writeTwo(slot + 14, minute)
    store<u8>(slot, COLON, 16)
    writeTwo(slot + 17, clock - hour * 3600 - minute * 60)
    let at = slot + 19
    if (fraction != 0) {
      let count = digits
      let rest = <u64>fraction
      while (rest % 10 == 0) {
        rest /= 10
        count--
      }
      store<u8>(at, POINT)
      writePadded(at + 1, rest, count)
      at += 1 + <usize>count
    }
    store<u8>(at, LETTER_Z)
    put(slot, at + 1, row, places, lengths)
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
    let digits = <u64>rounded
    while (decimals > 0) {
      const tenth = digits / 10
      if (tenth * 10 != digits) break
      digits = tenth
      decimals--
    }
    if (decimals > usual) usual = decimals
    let at = slot
    if (value < 0) store<u8>(at++, MINUS)
    if (decimals == 0) at = writeWhole(at, digits)
    else {
      const scale = <u64>power(decimals)
      const whole = digits / scale
      at = writeWhole(at, whole)
      store<u8>(at, POINT)
      writePadded(at + 1, digits - whole * scale, decimals)
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
