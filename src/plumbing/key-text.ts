import type { Scalar } from '../core/column.ts'
import { formatScalar, type JsonScalar, scalarToJson } from '../core/scalar-text.ts'
import type { Schema } from '../core/schema.ts'
import type { Zone } from '../core/zone.ts'

const PLAIN = /^[^\s",]+$/u

/**
 * Index values on one line: joined by commas, those that would not be told apart in quotes; times as
 * they are in `zone`, or in UTC.
 */
export function formatKey(schema: Schema, key: readonly Scalar[], zone?: Zone): string {
  return key
    .map((value, i) => {
      const text = formatScalar(value, schema.columns[i]!.type, zone)
      return PLAIN.test(text) ? text : JSON.stringify(text)
    })
    .join(',')
}

export function keyToJson(schema: Schema, key: readonly Scalar[], zone?: Zone): JsonScalar[] {
  return key.map((value, i) => scalarToJson(value, schema.columns[i]!.type, zone))
}
