import { describe, expect, it } from 'vitest'
import { nearest } from '../../src/core/nearest.ts'

describe('nearest', () => {
  it.each([
    ['comit', ['clone', 'commit', 'config'], 'commit'],
    ['stauts', ['stash', 'status', 'tag'], 'status'],
    ['brnet-daily', ['wti-daily', 'brent-daily', 'brent-weekly'], 'brent-daily'],
    ['BRENT', ['brent'], 'brent'],
    ['prcie', ['Date', 'Price'], 'Price'],
    ['hourly', ['weather/hourly', 'weather/daily'], 'weather/hourly'],
    ['lg', ['ls', 'log'], 'ls'],
    ['__proto_', ['__proto__', 'constructor'], '__proto__'],
  ])('finds what %j was meant to be', (word, candidates, expected) => {
    expect(nearest(word, candidates)).toBe(expected)
  })

  it('says nothing when nothing is near', () => {
    expect(nearest('frobnicate', ['add', 'commit'])).toBeUndefined()
    expect(nearest('x', ['y', 'z'])).toBeUndefined()
    expect(nearest('', ['a'])).toBeUndefined()
    expect(nearest('abc', [])).toBeUndefined()
  })

  it('goes through 100,000 names and one very long one', () => {
    const names = Array.from({ length: 100_000 }, (_, number) => `sensors/room-${number}`)
    names.push('x'.repeat(100_000))
    expect(nearest('sensors/rom-54321', names)).toBe('sensors/room-54321')
  })
})
