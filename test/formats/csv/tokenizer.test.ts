import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasCode } from '../../../src/core/errors.ts'
import { QUOTED, Tokenizer } from '../../../src/formats/csv/tokenizer.ts'

interface Cut {
  readonly records: { readonly line: number; readonly cells: readonly [string, boolean][] }[]
  readonly fault: string | undefined
}

/** All records of an input that arrives in pieces, and what is wrong behind them. */
function cut(pieces: readonly Uint8Array[], blankIsNull: boolean, width: number): Cut {
  const tokenizer = new Tokenizer({ file: 'x.csv', delimiter: 0x2c, blankIsNull, width })
  const records: Cut['records'] = []
  const take = () => {
    for (let rows = tokenizer.fill(); rows > 0; rows = tokenizer.fill()) {
      for (let row = 0; row < rows; row++) {
        const cells = Array.from({ length: tokenizer.width }, (_, i): [string, boolean] => {
          const cell = row * tokenizer.width + i
          return [tokenizer.text(cell), (tokenizer.starts[cell]! & QUOTED) !== 0]
        })
        records.push({ line: tokenizer.lines[row]!, cells })
      }
    }
  }
  try {
    for (const piece of pieces) {
      take()
      tokenizer.feed(piece)
    }
    take()
    tokenizer.end()
    take()
  } catch (error) {
    if (!hasCode(error, 'bad-input')) throw error
    return { records, fault: error.message }
  }
  return { records, fault: undefined }
}

describe('the tokenizer', () => {
  it('finds the same records and faults wherever the input is cut', () => {
    const word = fc.constantFrom(
      ...['a', ',', ',', '"', '""', '\r', '\n', '\r\n', '\n', 'é', '😀', '\0', ' '],
      ...['"x"', '"x,y"', '"a\r\nb"', '""""', '"\r"', 'a,b\n', '"a",\r\n', ',\n', '\ufeff'],
    )
    const input = fc.record({
      text: fc.array(word, { maxLength: 24 }).map((words) => words.join('')),
      sizes: fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 }),
      blankIsNull: fc.boolean(),
      width: fc.integer({ min: 0, max: 3 }),
    })
    fc.assert(
      fc.property(input, ({ text, sizes, blankIsNull, width }) => {
        const bytes = Buffer.from(text)
        const pieces: Uint8Array[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = Math.max(sizes[i % sizes.length]!, i % sizes.length === 0 ? 1 : 0)
          pieces.push(bytes.subarray(at, at + size))
          at += size
        }
        expect(cut(pieces, blankIsNull, width)).toEqual(cut([bytes], blankIsNull, width))
      }),
      { numRuns: 1000 },
    )
  })
})
