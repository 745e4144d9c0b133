import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bindings, bindingsIn } from '../../../src/porcelain/tui/bindings.ts'
import { filterText, parseFilter } from '../../../src/porcelain/tui/filter-text.ts'
import { keysOfRest, parseKeys } from '../../../src/porcelain/tui/keys.ts'
import type { ViewName } from '../../../src/porcelain/tui/state.ts'

const views: readonly ViewName[] = [
  ...(['commits', 'series', 'chart', 'changes', 'rows', 'refs', 'life', 'message'] as const),
  'help',
]

describe('keys', () => {
  it('are told apart where several arrive together', () => {
    expect(parseKeys('jj5k\x1b[B\x1bOA\x1b[5~ \t\r\x04ä漢')).toEqual({
      keys: [...'jj5k', 'down', 'up', 'page-up', 'space', 'tab', 'enter', 'ctrl-d', 'ä', '漢'],
      rest: '',
    })
  })

  it('wait for the rest of a sequence; a lone escape is a key', () => {
    expect(parseKeys('j\x1b')).toEqual({ keys: ['j'], rest: '\x1b' })
    expect(parseKeys('\x1b[6')).toEqual({ keys: [], rest: '\x1b[6' })
    expect(keysOfRest('\x1b')).toEqual(['esc'])
    expect(parseKeys('\x1bq').keys).toEqual(['esc', 'q'])
  })

  it('are the same wherever the text is cut', () => {
    const piece = fc.constantFrom('j', '\x1b[B', '\x1b[1;5C', '\x1bOH', '\x1b[6~', 'ä', '\x1b[99~')
    fc.assert(
      fc.property(fc.array(piece), fc.nat(40), (pieces, at) => {
        const text = pieces.join('')
        const first = parseKeys(text.slice(0, at))
        const second = parseKeys(first.rest + text.slice(at))
        expect([...first.keys, ...second.keys]).toEqual(parseKeys(text).keys)
      }),
    )
  })
})

describe('the table of keys', () => {
  it('has one meaning a key in each view, and help for it', () => {
    for (const view of views) {
      const keys = bindingsIn(view).flatMap((binding) => binding.keys)
      expect([view, keys.filter((key, at) => keys.indexOf(key) !== at)]).toEqual([view, []])
    }
    for (const { help, keys } of bindings) {
      expect(help).not.toBe('')
      expect(keys.length).toBeGreaterThan(0)
    }
  })

  it('has capitals for what changes the repository', () => {
    const changing = bindings.filter(({ command }) =>
      ['checkout', 'revert', 'tag'].includes(command),
    )
    expect(changing.flatMap(({ keys }) => keys)).toEqual(['O', 'R', 'T'])
  })
})

describe('a filter', () => {
  it('is read from its terms', () => {
    expect(parseFilter('author:"Ann B" since:2026-08 brent series:"a b"')).toEqual({
      filter: { author: 'Ann B', since: '2026-08', series: ['brent', 'a b'] },
    })
    expect(parseFilter('')).toEqual({ filter: {} })
  })

  it('is written as it is read', () => {
    const filter = { series: ['a b', 'c'], author: 'Ann B', since: '2026-08', to: '2026' }
    expect(parseFilter(filterText(filter))).toEqual({ filter: expect.objectContaining(filter) })
    expect(filterText({})).toBe('')
  })

  it('says what is wrong with it', () => {
    expect(parseFilter('autor:x')).toMatchObject({ fault: expect.stringContaining('autor') })
    expect(parseFilter('since:1 since:2')).toMatchObject({ fault: 'since: is given twice' })
    expect(parseFilter('from:')).toMatchObject({ fault: 'from: needs a value' })
  })
})
