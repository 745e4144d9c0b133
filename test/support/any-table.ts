import fc from 'fast-check'
import { type ColumnType, columnTypes } from '../../src/core/column.ts'
import { frameFromRows } from '../../src/core/frame.ts'
import type { Frame, Schema } from '../../src/core/schema.ts'
import { anyValue } from './columns.ts'

const names = ['v', '__proto__', 'constructor', 'ü n', '"', ',', 'a.b', 'toString', '日']

/** Frames of one schema: an index of whole numbers, and a column of each of some types. */
export const tableArbitrary: fc.Arbitrary<{ schema: Schema; frames: readonly Frame[] }> = fc
  .record({
    indexType: fc.constantFrom<ColumnType>('int64', 'timestamp_ns', 'string', 'date', 'float64'),
    types: fc.shuffledSubarray([...columnTypes], { maxLength: names.length }),
    sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 3 }),
    duplicates: fc.boolean(),
  })
  .chain(({ indexType, types, sizes, duplicates }) => {
    const schema: Schema = {
      columns: [
        { name: 'key', type: indexType },
        ...types.map((type, at) => ({ name: names[at]!, type })),
      ],
      indexCount: 1,
      duplicates,
    }
    // The key as it comes back: of zeros there is one, and no NaN.
    const key = anyValue(indexType).map((value) => (Object.is(value, -0) ? 0 : value))
    const row = fc.tuple(
      key.filter((value) => !Number.isNaN(value)),
      ...types.map((type) =>
        type === 'null' ? fc.constant(null) : fc.option(anyValue(type), { freq: 4 }),
      ),
    )
    return fc
      .tuple(...sizes.map((size) => fc.array(row, { minLength: size, maxLength: size })))
      .map((parts) => ({ schema, frames: parts.map((rows) => frameFromRows(schema, rows)) }))
  })
