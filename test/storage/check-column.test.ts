import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnOf } from '../../src/core/column-builder.ts'
import { encodeColumn } from '../../src/core/column-codec.ts'
import { columnFacts } from '../../src/core/column-facts.ts'
import { hashObject } from '../../src/core/id.ts'
import { checkColumn } from '../../src/storage/check-column.ts'
import { encodeBody, RAW } from '../../src/storage/pack-encoding.ts'
import { CHECKSUM_BYTES, encodeRecord } from '../../src/storage/pack-record.ts'
import { loadZstd } from '../../src/storage/zstd.ts'
import { anyColumn } from '../support/columns.ts'
import { variedColumns } from '../support/varied-columns.ts'

async function check(canonical: Uint8Array) {
  const { length } = canonical
  const column = { ...(await encodeBody('column', canonical, 1)), length }
  return checkColumn(await loadZstd(), column, { withSum: false })
}

describe('a column that is looked through', () => {
  it('has the id and the facts of its canonical bytes, however it is stored', async () => {
    const varied = variedColumns(3000).map(({ canonical }) => canonical)
    const any = anyColumn.map(encodeColumn)
    const columns = fc.oneof({ weight: 4, arbitrary: any }, fc.constantFrom(...varied))
    await fc.assert(
      fc.asyncProperty(columns, async (canonical) => {
        const found = { id: hashObject('column', canonical), facts: columnFacts(canonical) }
        expect(await check(canonical)).toEqual(found)
        const { length } = canonical
        const stored = { method: RAW, body: canonical, length }
        expect(checkColumn(await loadZstd(), stored, { withSum: false })).toEqual(found)
      }),
      { numRuns: 400 },
    )
  })

  it('has the checksum that its record has in a pack', async () => {
    await fc.assert(
      fc.asyncProperty(anyColumn.map(encodeColumn), fc.nat(1e6), async (canonical, position) => {
        const column = { ...(await encodeBody('column', canonical, 1)), length: canonical.length }
        const { id, sum } = checkColumn(await loadZstd(), column, { withSum: true })
        const record = encodeRecord({ ...column, id, kind: 'column' }, position, () => undefined)
        expect(sum).toEqual(new Uint8Array(record.slice(-CHECKSUM_BYTES)))
      }),
    )
  })

  it('knows its keys: whether they rise, and how many at the end are equal', async () => {
    const of = async (type: 'int64' | 'uint64', values: readonly bigint[]) =>
      (await check(encodeColumn(columnOf(type, values)))).facts?.keys
    const rows = (count: number, at: (i: number) => bigint) =>
      Array.from({ length: count }, (_, i) => at(i))
    expect(
      await of(
        'int64',
        rows(1000, (i) => BigInt(i) - 500n),
      ),
    ).toMatchObject({
      first: '7ffffffffffffe0c',
      last: '80000000000001f3',
      ascends: true,
      tail: 1,
    })
    const ties = rows(1000, (i) => BigInt(Math.min(i, 996)))
    expect(await of('int64', ties)).toMatchObject({ ascends: false, tail: 4 })
    expect(
      await of(
        'int64',
        rows(1000, () => 7n),
      ),
    ).toMatchObject({ ascends: false, tail: 1000 })
    expect(
      await of(
        'int64',
        rows(1000, (i) => BigInt(i === 700 ? 0 : i)),
      ),
    ).toBeUndefined()
    const high = rows(1000, (i) => 2n ** 63n - 500n + BigInt(i))
    expect(await of('uint64', high)).toMatchObject({ ascends: true })
  })

  it('has no facts where its bytes are not in the one form that they can have', async () => {
    const values = Array.from({ length: 1001 }, (_, i) => i + Math.PI)
    for (const at of [0, 1, 500, 999, 1000]) {
      const canonical = encodeColumn(columnOf('float64', values)).slice()
      // A NaN with a payload, in which most encodings keep every bit.
      new DataView(canonical.buffer).setBigUint64(8 + 8 * at, 0x7ff8_0000_0000_0001n, true)
      const found = await check(canonical)
      expect(found).toEqual({ id: hashObject('column', canonical), facts: undefined })
    }
  })
})
