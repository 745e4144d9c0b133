import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createStyle } from '../../../src/cli/style.ts'
import type { Id } from '../../../src/core/id.ts'
import { besideGraph, GraphLanes } from '../../../src/porcelain/commands/graph-lanes.ts'

const style = createStyle({ columns: 80, terminal: false, colour: false })

/** Commits as `name parent parent`, children first. */
function draw(...commits: readonly string[]): string[] {
  const lanes = new GraphLanes()
  return commits.flatMap((line) => {
    const [name, ...parents] = line.split(' ')
    return besideGraph(name!, lanes.next(name as Id, parents as Id[], style)).split('\n')
  })
}

describe('GraphLanes', () => {
  it('draws branches and merges as git does', () => {
    expect(draw('m a b', 'b c', 'a c', 'c')).toEqual([
      '*   m',
      '|\\',
      '| * b',
      '* | a',
      '|/',
      '* c',
    ])
    expect(draw('x a', 'y a', 'a')).toEqual(['* x', '| * y', '|/', '* a'])
    expect(draw('m o d', 'o b', 'd a s', 's b', 'a b', 'b')).toEqual([
      '*   m',
      '|\\',
      '* | o',
      '| *   d',
      '| |\\',
      '| | * s',
      '| |/',
      '|/|',
      '| * a',
      '|/',
      '* b',
    ])
  })

  it('lets a lane end at a first commit, and others move over', () => {
    expect(draw('a', 'b c', 'c')).toEqual(['* a', '* b', '* c'])
    expect(draw('x r', 'y z', 'r', 'z')).toEqual(['* x', '| * y', '* | r', ' /', '* z'])
  })

  it('has a mark for every commit in a lane of its own, whatever the history', () => {
    const history = fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }), {
      minLength: 1,
      maxLength: 25,
    })
    fc.assert(
      fc.property(history, (parents) => {
        const lines = parents.map((steps, i) => {
          const before = steps.map((step) => i + step).filter((at) => at < parents.length)
          return [`n${i}`, ...new Set(before.map((at) => `n${at}`))].join(' ')
        })
        const drawn = draw(...lines)
        expect(
          drawn.filter((line) => line.includes('*')).map((line) => line.split(' ').at(-1)),
        ).toEqual(parents.map((_, i) => `n${i}`))
      }),
      { numRuns: 100 },
    )
  })
})
