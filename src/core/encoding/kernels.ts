import { VarveError } from '../errors.ts'
import { KERNELS_BASE64 } from './kernel-bytes.ts'

// The loops over values, in WebAssembly with SIMD (kernels/). They work on arrays in the module's own
// memory, which are handed out one behind another and taken back all at once: what is to last is copied.

interface KernelFunctions {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  stepsOfIntegers(source: number, target: number, count: number): number
  stepsOfNumbers(source: number, target: number, count: number): void
  firstOther(values: number, from: number, count: number, value: number): number
  firstIndivisible(values: number, from: number, count: number, divisor: number): number
  divide(values: number, count: number, divisor: number): void
  level(units: number, target: number, count: number, step: number, bounds: number): void
  total(units: number, count: number): number
  subtract(values: number, count: number, amount: number): void
  differences(units: number, target: number, count: number, step: number, bounds: number): void
  changes(units: number, target: number, count: number, bounds: number): void
  walk(units: number, length: number, parts: number, middle: number, target: number): void
  scale(source: number, target: number, count: number, power: number, exceptions: number): number
  unscale(values: number, count: number, power: number): void
  goDecimals(values: number, steps: number, count: number, power: number): void
  toDoubles(values: number, count: number): void
  toPlanes(
    values: number,
    count: number,
    bytes: number,
    zigzag: boolean,
    planes: number,
    stride: number,
  ): void
  takeLow(
    planes: number,
    stride: number,
    bytes: number,
    count: number,
    bits: number,
    target: number,
  ): void
  sumPlanes(
    planes: number,
    stride: number,
    bytes: number,
    low: number,
    bits: number,
    target: number,
    count: number,
    order: number,
    firstLow: number,
    firstHigh: number,
    divisor: number,
    step: number,
    block: number,
  ): void
  distinctValues(
    values: number,
    count: number,
    width: number,
    limit: number,
    table: number,
    bits: number,
    firsts: number,
    counts: number,
    found: number,
  ): number
  distinctTexts(
    bytes: number,
    offsets: number,
    heads: number,
    count: number,
    limit: number,
    table: number,
    bits: number,
    firsts: number,
    counts: number,
    found: number,
  ): number
  gatherTexts(
    codes: number,
    count: number,
    entries: number,
    places: number,
    target: number,
    offsets: number,
    total: number,
  ): number
  stepBytes(source: number, target: number, count: number): void
  sumBytes(values: number, count: number): void
  countBytes(source: number, count: number, counts: number): void
  otherBytes(source: number, count: number, common: number, limit: number, places: number): number
  encodeBytes(source: number, count: number, table: number, states: number, end: number): number
  fillTable(shares: number, table: number): void
  fillSlots(shares: number, slots: number): void
  decodeBytes(
    slots: number,
    states: number,
    from: number,
    end: number,
    target: number,
    count: number,
  ): number
  unpackPlaces(source: number, bit: number, width: number, count: number, target: number): void
  greatest(values: number, count: number): number
  takeEights(values: number, places: number, count: number, target: number): void
  cutRecords(
    bytes: number,
    count: number,
    base: number,
    delimiter: number,
    width: number,
    maxRows: number,
    starts: number,
    ends: number,
    offsets: number,
    consumed: number,
  ): number
  readNumbers(
    text: number,
    starts: number,
    ends: number,
    width: number,
    rows: number,
    point: number,
    form: number,
    target: number,
    seen: number,
  ): number
  readTimes(
    text: number,
    starts: number,
    ends: number,
    width: number,
    rows: number,
    takesLocal: boolean,
    digits: number,
    reach: number,
    target: number,
    seen: number,
  ): number
  writeTimes(
    values: number,
    rows: number,
    digits: number,
    slots: number,
    places: number,
    lengths: number,
  ): number
  writeDates(values: number, rows: number, slots: number, places: number, lengths: number): number
  writeIntegers(values: number, rows: number, slots: number, places: number, lengths: number): void
  writeDoubles(
    values: number,
    rows: number,
    slots: number,
    places: number,
    lengths: number,
    exceptions: number,
  ): number
  placeTexts(
    bytes: number,
    offsets: number,
    rows: number,
    special: number,
    places: number,
    lengths: number,
  ): number
  joinLines(
    places: number,
    lengths: number,
    width: number,
    rows: number,
    delimiter: number,
    lineEnd: number,
    target: number,
  ): number
  split(values: number, count: number, width: number, planes: number, stride: number): void
  join(planes: number, stride: number, count: number, width: number, values: number): void
  firstBelow(values: number, from: number, count: number, least: 0 | 1, turn: number): number
  strayNaN(values: number, count: number): number
}

// Of lib.dom, which Node.js has without its types.
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { readonly exports: unknown }
}

const PAGE = 65_536
/** Kernels read and write up to so many bytes behind an array. */
const SLACK = 128
/** Arrays begin here; below is what the module may use itself. */
const START = PAGE
/** Bytes for each value that an encoder has at a time, with some to spare: 16 arrays of 8 bytes. */
const VALUE_ROOM = 128
const FIXED_ROOM = 16 * PAGE
/** What is larger gets a module of its own, whose memory goes with it: no segment is. */
const KEPT_VALUES = PAGE
const KEPT_BYTES = 32 * PAGE

/** The kernels, and arrays for them. Arrays of the last use are gone with the next. */
export class Kernels {
  readonly run: KernelFunctions
  #buffer: ArrayBuffer
  #next = START
  #uses = 0

  constructor(values: number, bytes = 0) {
    this.run = instantiate()
    this.#buffer = this.run.memory.buffer
    this.begin(values, bytes)
  }

  /** Tells one use from the next: while it is the same, the arrays of that use are as they were. */
  get uses(): number {
    return this.#uses
  }

  /** Takes back all arrays, and makes room for those that so many values need, and bytes beside them. */
  begin(values: number, bytes: number): this {
    this.#next = START
    this.#uses++
    const room = START + FIXED_ROOM + values * VALUE_ROOM + bytes
    const missing = room - this.#buffer.byteLength
    if (missing > 0) {
      this.run.memory.grow(Math.ceil(missing / PAGE))
      this.#buffer = this.run.memory.buffer
    }
    return this
  }

  /** Bytes of any content: a multiple of 16 in the memory, as is where they begin. */
  bytes(count: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#take(count), count)
  }

  /** A copy of bytes. */
  copyOf(bytes: Uint8Array): Uint8Array {
    const copy = this.bytes(bytes.length)
    copy.set(bytes)
    return copy
  }

  doubles(count: number): Float64Array {
    return new Float64Array(this.#buffer, this.#take(8 * count), count)
  }

  words(count: number): Uint32Array {
    return new Uint32Array(this.#buffer, this.#take(4 * count), count)
  }

  /** Whether an array is one of these. */
  owns(array: ArrayBufferView): boolean {
    return array.buffer === this.#buffer
  }

  /** Arrays of what `work` does are taken back after it. */
  scope<R>(work: () => R): R {
    const before = this.#next
    try {
      return work()
    } finally {
      this.#next = before
    }
  }

  #take(bytes: number): number {
    const at = this.#next
    this.#next = at + Math.ceil((bytes + SLACK) / 16) * 16
    if (this.#next > this.#buffer.byteLength) throw new RangeError('kernels ran out of memory')
    return at
  }
}

let compiled: object | undefined

/** `io` where there is no room: V8 reserves 10 GiB of addresses for a memory, however small it is. */
function instantiate(): KernelFunctions {
  compiled ??= new WebAssembly.Module(Buffer.from(KERNELS_BASE64, 'base64'))
  try {
    return new WebAssembly.Instance(compiled).exports as KernelFunctions
  } catch (cause) {
    throw new VarveError('io', 'WebAssembly is given no memory', {
      hint: 'where `ulimit -v` limits addresses, lift it or set NODE_OPTIONS=--disable-wasm-trap-handler',
      cause,
    })
  }
}

let shared: Kernels | undefined

/** Kernels with room for so many values, and bytes beside them; those asked for before must be done. */
export function kernelsFor(values: number, bytes = 0): Kernels {
  if (values > KEPT_VALUES || bytes > KEPT_BYTES) return new Kernels(values, bytes)
  shared ??= new Kernels(KEPT_VALUES)
  return shared.begin(values, bytes)
}

/** The kernels in whose memory an array lies; undefined where it lies elsewhere. */
export function kernelsOf(array: ArrayBufferView): Kernels | undefined {
  return shared?.owns(array) === true ? shared : undefined
}

/** The distance from plane to plane: room for what kernels write behind one. */
export function planeStride(count: number): number {
  return Math.ceil(count / 16) * 16 + 16
}
