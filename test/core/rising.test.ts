import fc from 'fast-check'
import { expect, it } from 'vitest'
import { risesUntil } from '../../src/core/rising.ts'

// Bits of NaNs, infinities, negative zero and subnormal numbers among them.
const bits = fc.oneof(
  fc.constantFrom(0n, 1n, 2n ** 51n, 2n ** 52n, 2n ** 63n - 1n, -(2n ** 63n), -1n, 0x7ff0n << 48n),
  fc.constantFrom((0x7ff0n << 48n) + 1n, 0x7ff8n << 48n, (0x7ff0n << 48n) - 1n, -(2n ** 52n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: 1n, max: 9n }),
)

it('what is said to rise rises, as signed and as unsigned integers', () => {
  fc.assert(
    fc.property(
      fc.array(bits, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      fc.constantFrom(0 as const, 1 as const),
      (given, inOrder, least) => {
        const values = BigInt64Array.from(given)
        if (inOrder) values.sort()
        for (let from = 1; from <= values.length; from++) {
          const end = risesUntil(new Uint32Array(values.buffer), from, least)
          expect(end).toBeGreaterThanOrEqual(from)
          expect(end).toBeLessThanOrEqual(values.length)
          for (let row = from; row < end; row++) {
            const [before, value] = [values[row - 1]!, values[row]!]
            expect(value - before).toBeGreaterThanOrEqual(BigInt(least))
            expect(BigInt.asUintN(64, value) >= BigInt.asUintN(64, before)).toBe(true)
          }
        }
      },
    ),
  )
})

it('positive numbers that rise are said to, to the end', () => {
  const values = BigInt64Array.from([1n, 2n, 3n, 2n ** 52n, 2n ** 60n, 0x7ff0n << 48n])
  const halves = new Uint32Array(values.buffer)
  expect(risesUntil(halves, 1, 1)).toBe(6)
  expect(risesUntil(new Uint32Array(BigInt64Array.of(5n, 5n, 6n).buffer), 1, 0)).toBe(3)
  expect(risesUntil(new Uint32Array(BigInt64Array.of(5n, 5n, 6n).buffer), 1, 1)).toBe(1)
})
