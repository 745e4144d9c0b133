import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findDistinct, mostEntries } from '../../../src/core/encoding/codes.ts'
import { steppingOf, wholeStep } from '../../../src/core/encoding/delta-steps.ts'
import { kernelsFor, planeStride } from '../../../src/core/encoding/kernels.ts'
import { lowLength } from '../../../src/core/encoding/low-bits.ts'
import { toPlanes } from '../../../src/core/encoding/planes.ts'

// Each kernel beside the same said plainly.

const MAX = 2n ** 63n - 1n
const anyInteger = fc.oneof(
  fc.bigInt({ min: -MAX - 1n, max: MAX }),
  fc.constantFrom(0n, 1n, -1n, MAX, -MAX - 1n, 2n ** 51n, -(2n ** 51n), 2n ** 32n),
  fc.bigInt({ min: -300n, max: 300n }),
)
const anyDouble = fc.oneof(
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 2 ** 51, 2 ** 53 + 2),
  fc.integer({ min: -100_000, max: 100_000 }).map((k) => k / 100),
)
const counts = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(511, 512, 513, 1030))
const many = <T>(value: fc.Arbitrary<T>) =>
  counts.chain((count) => fc.array(value, { minLength: count, maxLength: count }))

function doubles(values: readonly number[]) {
  const kernels = kernelsFor(values.length)
  const array = kernels.doubles(values.length)
  array.set(values)
  return { kernels, array }
}

/** A number of so many bits from bit `from` on, least significant bit first. */
function bitsAt(bytes: Uint8Array, from: number, bits: number): bigint {
  let value = 0n
  for (let bit = from + bits - 1; bit >= from; bit--) {
    value = (value << 1n) | BigInt((bytes[bit >> 3]! >> (bit & 7)) & 1)
  }
  return value
}

describe('the module of kernels', () => {
  it('is what its source compiles to', () => {
    const check = () => execFileSync(process.execPath, ['scripts/build-kernels.js', '--check'])
    expect(check).not.toThrow()
  })
})

describe('a kernel', () => {
  it('takes differences of 64-bit integers that are exact as doubles', () => {
    fc.assert(
      fc.property(many(anyInteger), (values) => {
        const kernels = kernelsFor(values.length)
        const source = kernels.bytes(8 * values.length)
        new BigInt64Array(source.buffer, source.byteOffset, values.length).set(values)
        const target = kernels.doubles(values.length)
        const largest =
          kernels.run.stepsOfIntegers(source.byteOffset, target.byteOffset, values.length) >>> 0
        const steps = values.map((value, i) =>
          i === 0 ? 0n : BigInt.asIntN(64, value - values[i - 1]!),
        )
        const high = steps.reduce((all, step) => all | ((step < 0n ? ~step : step) >> 32n), 0n)
        expect(BigInt(largest)).toBe(high)
        if (largest < 2 ** 20) expect([...target]).toEqual(steps.map(Number))
      }),
    )
  })

  it('takes differences of bytes, and adds them up again', () => {
    const bytes = counts.chain((length) => fc.uint8Array({ minLength: length, maxLength: length }))
    fc.assert(
      fc.property(bytes, (values) => {
        const kernels = kernelsFor(values.length)
        const [source, target] = [0, 0].map(() => kernels.bytes(planeStride(values.length)))
        source!.set(values)
        kernels.run.stepBytes(source!.byteOffset, target!.byteOffset, values.length)
        const steps = values.map((byte, i) => byte - (values[i - 1] ?? 0))
        expect(target!.slice(0, values.length)).toEqual(steps)
        kernels.run.sumBytes(target!.byteOffset, values.length)
        expect(target!.slice(0, values.length)).toEqual(values)
      }),
    )
  })

  it('adds up all steps but the first', () => {
    const whole = fc.integer({ min: -(2 ** 40), max: 2 ** 40 })
    fc.assert(
      fc.property(many(whole), (values) => {
        const { kernels, array } = doubles(values)
        const sum = values.slice(1).reduce((all, value) => all + value, 0)
        expect(kernels.run.total(array.byteOffset, values.length)).toBe(sum)
      }),
    )
  })

  it('finds the first integer that does not rise, signed or not', () => {
    const runs = fc.array(fc.tuple(anyInteger, fc.integer({ min: 1, max: 40 })), { minLength: 1 })
    const rising = runs.map((steps) => {
      const all = steps.flatMap(([from, count]) =>
        Array.from({ length: count }, (_, i) => BigInt.asIntN(64, from + BigInt(i >> 1))),
      )
      return all.sort((a, b) => Number(a > b) - Number(a < b))
    })
    fc.assert(
      fc.property(
        fc.oneof(
          many(anyInteger),
          rising,
          runs.map((steps) => steps.map(([from]) => from)),
        ),
        fc.constantFrom(0 as const, 1 as const),
        fc.boolean(),
        (values, least, isSigned) => {
          const kernels = kernelsFor(values.length)
          const source = kernels.bytes(8 * values.length)
          new BigInt64Array(source.buffer, source.byteOffset, values.length).set(values)
          const turn = isSigned ? 0 : 0x8000_0000
          const found = kernels.run.firstBelow(source.byteOffset, 1, values.length, least, turn)
          const ordered = values.map((value) => (isSigned ? value : BigInt.asUintN(64, value)))
          const first = ordered.findIndex((value, i) => {
            if (i === 0) return false
            return least === 1 ? value <= ordered[i - 1]! : value < ordered[i - 1]!
          })
          expect(found).toBe(first === -1 ? Math.max(1, values.length) : first)
        },
      ),
    )
  })

  it('finds a NaN that is not the canonical one', () => {
    const canonical = 0x7ff8_0000_0000_0000n
    const pattern = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom(canonical, canonical | 1n, canonical | (1n << 63n), 0x7ff0_0000_0000_0000n),
    )
    fc.assert(
      fc.property(many(fc.oneof({ weight: 30, arbitrary: fc.constant(0n) }, pattern)), (values) => {
        const kernels = kernelsFor(values.length)
        const array = kernels.doubles(values.length)
        const bits = new BigUint64Array(array.buffer, array.byteOffset, values.length)
        bits.set(values)
        const stray = values.some((value, i) => Number.isNaN(array[i]) && value !== canonical)
        expect(kernels.run.strayNaN(array.byteOffset, values.length) !== 0).toBe(stray)
      }),
    )
  })

  it('scales doubles to integers where that is exact, and names the others', () => {
    fc.assert(
      fc.property(many(anyDouble), fc.integer({ min: 0, max: 15 }), (values, exponent) => {
        const power = 10 ** exponent
        const { kernels, array } = doubles(values)
        const target = kernels.doubles(values.length)
        const exceptions = kernels.words(values.length)
        const found = kernels.run.scale(
          array.byteOffset,
          target.byteOffset,
          values.length,
          power,
          exceptions.byteOffset,
        )
        const wanted = values.flatMap((value, i) => {
          const k = Math.floor(value * power + 0.5)
          return Object.is(k / power, value) && Math.abs(k) < 2 ** 51 ? [] : [i]
        })
        if (wanted.length > values.length / 2) {
          expect(found).toBeGreaterThan(values.length / 2)
          return
        }
        expect([...exceptions.subarray(0, found)]).toEqual(wanted)
        values.forEach((value, i) => {
          if (!wanted.includes(i)) expect(target[i]).toBe(Math.floor(value * power + 0.5))
        })
      }),
    )
  })

  it('makes planes of whole numbers', () => {
    const shape = fc
      .record({ bytes: fc.integer({ min: 1, max: 7 }), zigzag: fc.boolean() })
      .chain(({ bytes, zigzag }) => {
        const most = Math.min(256 ** bytes, 2 ** 53)
        const value = zigzag
          ? fc.integer({ min: -most / 2, max: most / 2 - 1 })
          : fc.integer({ min: 0, max: most - 1 })
        const ends = zigzag ? [-most / 2, most / 2 - 1, 0, -1] : [0, most - 1, most / 2]
        return fc.record({
          bytes: fc.constant(bytes),
          zigzag: fc.constant(zigzag),
          values: many(fc.oneof(value, fc.constantFrom(...ends))),
        })
      })
    fc.assert(
      fc.property(shape, ({ bytes, zigzag, values }) => {
        const { kernels, array } = doubles(values)
        const planes = toPlanes(array, 0, bytes, zigzag, kernels)
        const plain = values.map((value) =>
          zigzag ? (value < 0 ? -2n * BigInt(value) - 1n : 2n * BigInt(value)) : BigInt(value),
        )
        expect(planes.map((plane) => [...plane])).toEqual(
          Array.from({ length: bytes }, (_, plane) =>
            plain.map((value) => Number((value >> BigInt(8 * (bytes - 1 - plane))) & 255n)),
          ),
        )
      }),
    )
  })

  it('undoes planes and rules modulo 2^64', () => {
    const input = fc.record({
      bytes: fc.integer({ min: 0, max: 7 }),
      bits: fc.integer({ min: 0, max: 7 }),
      order: fc.constantFrom(0, 1, 2),
      count: counts,
      first: anyInteger,
      divisor: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 ** 40 })),
      step: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      seed: fc.integer(),
    })
    fc.assert(
      fc.property(input, ({ bytes, bits, order, count, first, divisor, step, seed }) => {
        const length = count - Math.min(order, count)
        const stride = planeStride(length)
        const kernels = kernelsFor(count)
        const planes = kernels.bytes(bytes * stride)
        const lowest = kernels.bytes(lowLength(bits, length))
        let state = seed
        for (const array of [planes, lowest]) {
          for (let i = 0; i < array.length; i++) {
            state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
            array[i] = state >>> 16
          }
        }
        const target = kernels.words(2 * count)
        const low = Number(BigInt.asUintN(32, first))
        const high = Number(BigInt.asUintN(32, first >> 32n))
        kernels.run.sumPlanes(
          planes.byteOffset,
          stride,
          bytes,
          lowest.byteOffset,
          bits,
          target.byteOffset,
          count,
          order,
          low,
          high,
          divisor,
          step,
          kernels.doubles(512).byteOffset,
        )
        const residual = (i: number): bigint => {
          let value = 0n
          for (let plane = 0; plane < bytes; plane++) {
            value = (value << 8n) | BigInt(planes[plane * stride + i]!)
          }
          value = (value << BigInt(bits)) | bitsAt(lowest, bits * i, bits)
          return order === 0 ? value : (value >> 1n) ^ -(value & 1n)
        }
        const wanted: bigint[] = []
        const g = BigInt(divisor)
        let unit = BigInt(step)
        for (let i = 0; i < count; i++) {
          if (order === 0) wanted.push(first + g * (BigInt(step) * BigInt(i) + residual(i)))
          else if (i === 0) wanted.push(first)
          else if (order === 1) wanted.push(wanted[i - 1]! + g * (BigInt(step) + residual(i - 1)))
          else {
            if (i > 1) unit += residual(i - 2)
            wanted.push(wanted[i - 1]! + g * unit)
          }
        }
        const found = new BigInt64Array(target.buffer, target.byteOffset, count)
        expect([...found]).toEqual(wanted.map((value) => BigInt.asIntN(64, value)))
      }),
    )
  })

  it('takes low bits from planes', () => {
    const input = fc.record({
      bytes: fc.integer({ min: 1, max: 7 }),
      bits: fc.integer({ min: 1, max: 7 }),
      count: counts,
      seed: fc.integer(),
    })
    fc.assert(
      fc.property(input, ({ bytes, bits, count, seed }) => {
        const kernels = kernelsFor(count)
        const stride = planeStride(count)
        const planes = kernels.bytes(bytes * stride)
        for (let i = 0; i < planes.length; i++) planes[i] = Math.imul(i + seed, 0x9e37_79b1) >>> 24
        const valueAt = (i: number): bigint => {
          let value = 0n
          for (let plane = 0; plane < bytes; plane++) {
            value = (value << 8n) | BigInt(planes[plane * stride + i]!)
          }
          return value
        }
        const values = Array.from({ length: count }, (_, i) => valueAt(i))
        const lowest = kernels.bytes(lowLength(bits, count))
        const { byteOffset } = planes
        kernels.run.takeLow(byteOffset, stride, bytes, count, bits, lowest.byteOffset)
        const found = values.map(
          (_, i) => (valueAt(i) << BigInt(bits)) | bitsAt(lowest, bits * i, bits),
        )
        expect(found).toEqual(values)
        expect(bitsAt(lowest, bits * count, 8 * lowest.length - bits * count)).toBe(0n)
      }),
    )
  })

  it('splits values into their bytes and joins them again', () => {
    fc.assert(
      fc.property(counts, fc.constantFrom(1, 2, 4, 8), fc.integer(), (count, width, seed) => {
        const kernels = kernelsFor(count)
        const values = kernels.bytes(count * width)
        for (let i = 0; i < values.length; i++) values[i] = Math.imul(i + seed, 0x9e37_79b1) >>> 24
        const stride = planeStride(count)
        const planes = kernels.bytes(width * stride)
        kernels.run.split(values.byteOffset, count, width, planes.byteOffset, stride)
        for (let plane = 0; plane < width; plane++) {
          const wanted = Array.from(
            { length: count },
            (_, i) => values[(i + 1) * width - 1 - plane],
          )
          expect([...planes.subarray(plane * stride, plane * stride + count)]).toEqual(wanted)
        }
        const joined = kernels.bytes(count * width)
        kernels.run.join(planes.byteOffset, stride, count, width, joined.byteOffset)
        expect([...joined]).toEqual([...values])
      }),
    )
  })

  it('leaves residuals, and the least and most of them', () => {
    const steps = many(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }))
    fc.assert(
      fc.property(steps, fc.integer({ min: -1000, max: 1000 }), (values, step) => {
        const { kernels, array } = doubles(values)
        const { length } = values
        const target = kernels.doubles(length)
        const bounds = kernels.doubles(2)
        const [units, to, at] = [array, target, bounds].map((each) => each.byteOffset)
        const check = (wanted: number[]) => {
          expect([...target]).toEqual(wanted)
          expect([...bounds]).toEqual([Math.min(0, ...wanted), Math.max(0, ...wanted)])
        }
        kernels.run.differences(units!, to!, length, step, at!)
        check(values.map((value, i) => (i === 0 ? 0 : value - step)))
        if (length > 2) {
          kernels.run.changes(units!, to!, length, at!)
          check(values.map((value, i) => (i < 2 ? 0 : value - values[i - 1]!)))
        }
        kernels.run.level(units!, to!, length, step, at!)
        let sum = 0
        check(
          values.map((value, i) => {
            sum += i === 0 ? 0 : value - step
            return sum
          }),
        )
      }),
    )
  })

  it('takes steps between whole numbers, divides and subtracts in place', () => {
    const whole = many(fc.integer({ min: -(2 ** 51), max: 2 ** 51 }))
    fc.assert(
      fc.property(whole, fc.integer({ min: 1, max: 2 ** 40 }), (values, by) => {
        const { kernels, array } = doubles(values)
        const { length } = values
        const target = kernels.doubles(length)
        kernels.run.stepsOfNumbers(array.byteOffset, target.byteOffset, length)
        const steps = values.map((value, i) => (i === 0 ? 0 : value - values[i - 1]!))
        expect([...target]).toEqual(steps)
        kernels.run.divide(target.byteOffset, length, by)
        expect([...target]).toEqual(steps.map((step) => step / by))
        kernels.run.subtract(array.byteOffset, length, by)
        expect([...array]).toEqual(values.map((value) => value - by))
      }),
    )
  })

  it('makes doubles of 64-bit integers, as they are and divided by a power of ten', () => {
    fc.assert(
      fc.property(many(anyInteger), fc.integer({ min: 0, max: 15 }), (values, exponent) => {
        const { length } = values
        const kernels = kernelsFor(length)
        const place = () => {
          const bytes = kernels.bytes(8 * length)
          new BigInt64Array(bytes.buffer, bytes.byteOffset, length).set(values)
          return new Float64Array(bytes.buffer, bytes.byteOffset, length)
        }
        const [same, divided] = [place(), place()]
        kernels.run.toDoubles(same.byteOffset, length)
        expect([...same]).toEqual(values.map(Number))
        kernels.run.unscale(divided.byteOffset, length, 10 ** exponent)
        expect([...divided]).toEqual(values.map((value) => Number(value) / 10 ** exponent))
      }),
    )
  })

  it('goes by steps from short decimals, and nowhere from and by what is none', () => {
    const cent = fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((value) => value / 100)
    const odd = fc.constantFrom(Number.NaN, -0, 1e300, Number.NEGATIVE_INFINITY, 2 ** 45, 0.004)
    const step = fc.oneof(
      fc.integer({ min: -1000, max: 1000 }),
      fc.constantFrom(0.5, Number.NaN, Number.POSITIVE_INFINITY, -0, 2 ** 53, 2 ** 53 - 1),
    )
    const pairs = many(fc.tuple(fc.oneof({ weight: 4, arbitrary: cent }, odd), step))
    fc.assert(
      fc.property(pairs, fc.integer({ min: 0, max: 15 }), (some, exponent) => {
        const { kernels, array } = doubles(some.map(([value]) => value))
        const steps = kernels.doubles(some.length)
        steps.set(some.map(([, by]) => by))
        const stepping = steppingOf('float64', exponent)!
        const wanted = new Float64Array(some.length)
        some.forEach(([, by], i) => {
          stepping.go(wanted, i, array.slice(), i, wholeStep(by))
        })
        kernels.run.goDecimals(array.byteOffset, steps.byteOffset, some.length, 10 ** exponent)
        expect([...array]).toEqual([...wanted])
      }),
    )
  })

  it('walks along stretches of steps, and finds how low each leads', () => {
    const input = fc.integer({ min: 1, max: 40 }).chain((length) =>
      fc.record({
        length: fc.constant(length),
        steps: fc.array(fc.integer({ min: -(2 ** 40), max: 2 ** 40 }), {
          minLength: 16 * length,
          maxLength: 16 * length,
        }),
        middle: fc.integer({ min: -1000, max: 1000 }),
      }),
    )
    fc.assert(
      fc.property(input, ({ length, steps, middle }) => {
        const { kernels, array } = doubles(steps)
        const target = kernels.doubles(3 * 16)
        kernels.run.walk(array.byteOffset, length, 16, middle, target.byteOffset)
        const wanted = Array.from({ length: 16 }, (_, part) => {
          let [sum, least, leastOff] = [0, 0, 0]
          for (let i = 0; i < length; i++) {
            sum += steps[part * length + i]!
            least = Math.min(least, sum)
            leastOff = Math.min(leastOff, sum - (i + 1) * middle)
          }
          return [sum, least, leastOff]
        })
        expect([...target]).toEqual(wanted.flat())
      }),
    )
  })

  it('finds where a divisor or a value ends', () => {
    fc.assert(
      fc.property(
        many(fc.integer({ min: -6, max: 6 })),
        fc.integer({ min: 1, max: 3 }),
        (values, by) => {
          const { kernels, array } = doubles(values)
          const { length } = values
          const end = (found: number) => (found < 0 ? length : found)
          expect(kernels.run.firstIndivisible(array.byteOffset, 0, length, by)).toBe(
            end(values.findIndex((value) => value % by !== 0)),
          )
          expect(kernels.run.firstOther(array.byteOffset, 0, length, values[0]!)).toBe(
            end(values.findIndex((value) => value !== values[0])),
          )
        },
      ),
    )
  })

  it('finds the distinct among values and texts, and puts texts together again', () => {
    const text = fc.string({ maxLength: 20, unit: fc.constantFrom('a', 'b', '\0') })
    fc.assert(
      fc.property(many(text), (texts) => {
        const count = texts.length
        const kernels = kernelsFor(count, 20 * count)
        const bytes = kernels.copyOf(Buffer.from(texts.join('')))
        const offsets = kernels.words(count + 1)
        offsets[0] = 0
        texts.forEach((each, i) => {
          offsets[i + 1] = offsets[i]! + each.length
        })
        const heads = kernels.words(2 * mostEntries(count)).byteOffset
        const found = findDistinct(count, kernels, (...rest) =>
          kernels.run.distinctTexts(bytes.byteOffset, offsets.byteOffset, heads, count, ...rest),
        )
        const entries = [...new Set(texts)]
        if (entries.length > count >>> 1) {
          expect(found).toBeUndefined()
          return
        }
        expect([...found!.found]).toEqual(texts.map((each) => entries.indexOf(each)))
        expect([...found!.firsts]).toEqual(entries.map((each) => texts.indexOf(each)))
        expect([...found!.counts]).toEqual(
          entries.map((entry) => texts.filter((each) => each === entry).length),
        )
        const own = kernels.copyOf(Buffer.from(entries.join('')))
        const places = kernels.words(entries.length + 1)
        places[0] = 0
        entries.forEach((entry, i) => {
          places[i + 1] = places[i]! + entry.length
        })
        const codes = kernels.copyOf(new Uint8Array(found!.found.buffer))
        const target = kernels.bytes(bytes.length)
        const ends = kernels.words(count + 1)
        const gather = (total: number) =>
          kernels.run.gatherTexts(
            codes.byteOffset,
            count,
            own.byteOffset,
            places.byteOffset,
            target.byteOffset,
            ends.byteOffset,
            total,
          )
        expect(gather(bytes.length)).toBe(bytes.length)
        expect([...target]).toEqual([...bytes])
        expect([...ends]).toEqual([...offsets])
        if (bytes.length > 0) expect(gather(bytes.length - 1)).toBe(-1)
      }),
    )
    fc.assert(
      fc.property(
        many(fc.integer({ min: 0, max: 9 })),
        fc.constantFrom(1, 2, 4, 8),
        (values, width) => {
          const kernels = kernelsFor(values.length)
          const bytes = kernels.bytes(values.length * width).fill(0)
          values.forEach((value, i) => {
            bytes[i * width + ((value * 7) % width)] = value
          })
          const found = findDistinct(values.length, kernels, (...rest) =>
            kernels.run.distinctValues(bytes.byteOffset, values.length, width, ...rest),
          )
          const entries = [...new Set(values)]
          if (entries.length > values.length >>> 1) expect(found).toBeUndefined()
          else expect([...found!.found]).toEqual(values.map((value) => entries.indexOf(value)))
        },
      ),
    )
  })
})
