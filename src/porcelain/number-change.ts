import { type ColumnType, isNumberType, type Scalar } from '../core/column.ts'
import { formatScalar } from '../core/scalar-text.ts'

/** By how much a number changed. */
export interface NumberChange {
  /** The difference, with its sign: `+0.04`. */
  readonly delta: string
  /** The difference as part of the old value; absent where that is 0. */
  readonly ratio?: number
}

interface TypedValue {
  readonly value: Scalar
  readonly type: ColumnType
}

/**
 * How large a change of a number is, as part of the old value: 1 is as much as it was. Undefined
 * where a side is no finite number; 1 where the old value is 0.
 */
export function relativeChange(old: TypedValue, fresh: TypedValue): number | undefined {
  if (!isNumberType(old.type) || !isNumberType(fresh.type)) return undefined
  const [a, b] = [finite(old.value), finite(fresh.value)]
  if (a === undefined || b === undefined) return undefined
  return a === 0 ? 1 : Math.abs((b - a) / a)
}

/** By how much a number changed; undefined where a side is no finite number. */
export function numberChange(old: TypedValue, fresh: TypedValue): NumberChange | undefined {
  if (!isNumberType(old.type) || !isNumberType(fresh.type)) return undefined
  if (typeof old.value === 'bigint' && typeof fresh.value === 'bigint') {
    const delta = fresh.value - old.value
    return withRatio(`${delta < 0n ? '' : '+'}${delta}`, Number(delta), Number(old.value))
  }
  const [a, b] = [finite(old.value), finite(fresh.value)]
  if (a === undefined || b === undefined) return undefined
  const delta = b - a
  const digits = Math.max(decimals(old.value, old.type), decimals(fresh.value, fresh.type))
  return withRatio(signed(shortDelta(delta, digits)), delta, a)
}

function withRatio(delta: string, difference: number, old: number): NumberChange {
  return old === 0 ? { delta } : { delta, ratio: difference / Math.abs(old) }
}

function finite(value: Scalar): number | undefined {
  const number = typeof value === 'bigint' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Digits after the point in a number's shortest text; infinite where that has an exponent. */
function decimals(value: Scalar, type: ColumnType): number {
  const text = formatScalar(value, type)
  if (text.includes('e')) return Infinity
  const point = text.indexOf('.')
  return point < 0 ? 0 : text.length - point - 1
}

/** A difference with no more digits than the two numbers have: 66.02 − 65.98 is 0.04. */
function shortDelta(delta: number, digits: number): string {
  if (digits <= 12 && Math.abs(delta) < 1e15) {
    return String(Number(delta.toFixed(digits)))
  }
  return String(Number(delta.toPrecision(6)))
}

function signed(text: string): string {
  return text.startsWith('-') ? text : `+${text}`
}

/** `+0.06 %`. */
export function formatRatio(ratio: number): string {
  const percent = ratio * 100
  const size = Math.abs(percent)
  const text =
    size >= 1e6
      ? percent.toExponential(1)
      : size >= 0.005
        ? percent.toFixed(size >= 1000 ? 0 : 2)
        : String(Number(percent.toPrecision(1)))
  return `${signed(text)} %`
}
