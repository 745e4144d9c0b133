import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsEqual } from '../../src/core/column-ops.ts'
import { concatFrames } from '../../src/core/frame.ts'
import type { Frame, Schema } from '../../src/core/schema.ts'
import type { TableFormatName } from '../../src/formats/table.ts'
import { openFormat } from '../../src/formats/table-formats.ts'
import { tableArbitrary } from '../support/any-table.ts'
import { table } from '../support/tables.ts'

const formats: readonly TableFormatName[] = ['csv', 'ndjson', 'arrow', 'arrow-file']
/** Those whose tables say their types themselves. */
const typedFormats: readonly TableFormatName[] = ['arrow', 'arrow-file']

async function written(
  format: TableFormatName,
  schema: Schema,
  frames: readonly Frame[],
): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of (await openFormat(format)).write(schema, frames)) parts.push(part)
  return Buffer.concat(parts)
}

async function all(frames: AsyncIterable<Frame>): Promise<Frame> {
  const read: Frame[] = []
  for await (const frame of frames) read.push(frame)
  return concatFrames(read)
}

/** Columns that differ, by name. */
function differences(a: Frame, b: Frame): string[] {
  return a.schema.columns
    .filter((_, at) => !columnsEqual(a.columns[at]!, b.columns[at]!))
    .map(({ name, type }) => `${name}:${type}`)
}

describe.each(formats)('%s', (name) => {
  it('gives back every value of every type, bit for bit', async () => {
    await fc.assert(
      fc.asyncProperty(tableArbitrary, async ({ schema, frames }) => {
        const bytes = await written(name, schema, frames)
        const format = await openFormat(name)

        const read = await all(format.read(table(bytes, `t.${name}`), { schema }))

        expect(read.schema).toEqual(schema)
        expect(differences(concatFrames(frames), read)).toEqual([])
      }),
      { numRuns: 150 },
    )
  })

  it('is read the same in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(tableArbitrary, fc.integer({ min: 1, max: 500 }), async (given, size) => {
        const { schema, frames } = given
        const bytes = await written(name, schema, frames)
        const format = await openFormat(name)
        const input = {
          name: 't',
          async *open() {
            for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
          },
        }

        const read = await all(format.read(input, { schema }))

        expect(differences(concatFrames(frames), read)).toEqual([])
      }),
      { numRuns: 30 },
    )
  })
})

describe.each(typedFormats)('%s', (name) => {
  it('says its types, its index and whether keys may be equal itself', async () => {
    await fc.assert(
      fc.asyncProperty(tableArbitrary, async ({ schema, frames }) => {
        const bytes = await written(name, schema, frames)
        const format = await openFormat(name)

        const found = await format.infer(table(bytes, `t.${name}`), {})
        const read = await all(found.frames())

        expect(found.schema).toEqual(schema)
        expect(differences(concatFrames(frames), read)).toEqual([])
      }),
      { numRuns: 50 },
    )
  })
})
