import { describe, expect, it } from 'vitest'
import { frameFromRows } from '../../src/core/frame.ts'
import { frameToJsonLines } from '../../src/porcelain/frame-json.ts'

const frame = frameFromRows(
  {
    columns: [
      { name: '__proto__', type: 'string' },
      { name: 'value', type: 'float64' },
    ],
    indexCount: 1,
    duplicates: false,
  },
  [
    ['\u202eabc\x9b', -0],
    ['b', null],
  ],
)

describe('rows as JSON', () => {
  it('keep the sign of a zero, and names that objects have already', () => {
    const [first, second] = frameToJsonLines(frame).trimEnd().split('\n')
    expect(Object.entries(JSON.parse(first!))).toEqual([
      ['__proto__', '\u202eabc\x9b'],
      ['value', -0],
    ])
    expect(second).toBe('{"__proto__":"b","value":null}')
  })

  it('have nothing in them that a terminal obeys', () => {
    expect(frameToJsonLines(frame)).toContain('"\\u202eabc\\u009b"')
  })
})
