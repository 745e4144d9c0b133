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

  it('finds the same in many records at once as in a few, whatever is between them', () => {
    const plain = fc.constantFrom('a,b', '20.5,é', ',x', 'y,', `${'z'.repeat(40)},1`)
    const odd = fc.constantFrom('"a",b', 'a,"x,\ny"', ',', '', 'a', 'a,b,c', 'a"b,c', 'a,\0', '\r')
    const end = fc.constantFrom('\n', '\n', '\r\n', '\r')
    const record = (cells: fc.Arbitrary<string>) =>
      fc.tuple(cells, end).map((parts) => parts.join(''))
    const stretch = fc
      .array(record(plain), { minLength: 30, maxLength: 60 })
      .map((all) => all.join(''))
    const input = fc.record({
      parts: fc.array(fc.oneof({ weight: 3, arbitrary: stretch }, record(odd)), { maxLength: 9 }),
      last: fc.oneof(plain, odd),
      blankIsNull: fc.boolean(),
      width: fc.constantFrom(0, 2, 2, 1),
    })
    fc.assert(
      fc.property(input, ({ parts, last, blankIsNull, width }) => {
        const bytes = Buffer.from(parts.join('') + last)
        const pieces = Array.from({ length: Math.ceil(bytes.length / 97) }, (_, i) =>
          bytes.subarray(97 * i, 97 * (i + 1)),
        )
        expect(cut([bytes], blankIsNull, width)).toEqual(cut(pieces, blankIsNull, width))
      }),
      { numRuns: 1500 },
    )
  })

  it('finds the same whatever comes next to where the bytes that are looked at together end', () => {
    const line = 'abcdefghij,0123456789\n'
    const odd = ['"a",b', 'a,b\r', '"\n",\r', ',', '', 'a', 'a,b,c', 'a"b,c', 'a,\0', '\r', 'é,ü\r']
    const borders = [64, 128, 4096, 4160, 8192]
    for (const border of borders) {
      for (let ahead = -24; ahead <= 2; ahead++) {
        const before = Math.floor((border + ahead) / line.length)
        const fill = `${'x'.repeat((border + ahead) % line.length)},y\n`
        for (const record of odd) {
          const bytes = Buffer.from(`${line.repeat(before)}${fill}${record}\n${line.repeat(60)}`)
          const few = Array.from({ length: Math.ceil(bytes.length / 97) }, (_, i) =>
            bytes.subarray(97 * i, 97 * (i + 1)),
          )
          expect(cut([bytes], false, 2)).toEqual(cut(few, false, 2))
        }
      }
    }
  })

  it('finds the same where a record goes on in the next large piece, whatever it is', () => {
    const line = 'abcdefghij,0123456789\n'
    const records = [
      line,
      'é,"x\r\ny"\r\n',
      '"a""b",\r',
      ',\n',
      '"\n\n",1\n',
      `${'z'.repeat(600)},1\n`,
    ]
    for (const record of records) {
      const bytes = Buffer.from(`${line.repeat(40)}${record.repeat(3)}${line.repeat(80)}"never`)
      const whole = cut([bytes], false, 2)
      expect(whole.records.length).toBeGreaterThan(100)
      for (let at = 40 * line.length - 3; at < 40 * line.length + 3 * record.length + 3; at++) {
        expect(cut([bytes.subarray(0, at), bytes.subarray(at)], false, 2)).toEqual(whole)
      }
    }
  })
})
