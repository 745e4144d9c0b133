import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CommitList } from '../../../src/porcelain/tui/commit-list.ts'
import { GraphRows } from '../../../src/porcelain/tui/graph-rows.ts'
import { madeCommits, madeId } from '../../support/made-view.ts'

describe('the list of commits', () => {
  it('is the same however it came, and what was made of it stays', () => {
    const commits = madeCommits({ commits: 60 })
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), (a, b) => {
        const [first, second] = [Math.min(a, b), Math.max(a, b)]
        const begun = CommitList.empty.append(commits.slice(0, first))
        const one = begun.append(commits.slice(first, second))
        const other = begun.append(commits.slice(first))
        expect(begun.length).toBe(first)
        expect(begun.indexOf(madeId(first))).toBe(-1)
        expect(one.slice(0, 60)).toEqual(commits.slice(0, second))
        expect(other.slice(0, 60)).toEqual(commits)
        const whole = CommitList.empty.append(commits)
        for (let at = 0; at < second; at++) expect(one.graph(at)).toBe(whole.graph(at))
      }),
    )
  })
})

describe('the graph', () => {
  it('draws branches, merges and where they meet', () => {
    const rows = new GraphRows()
    const draw = (id: number, ...parents: number[]) => rows.next(madeId(id), parents.map(madeId))
    expect([draw(1, 2, 3), draw(2, 4), draw(3, 4), draw(4)]).toEqual(['*-\\', '* |', '| *', '*-/'])
  })

  it('has a place for every commit, however many lanes there are', () => {
    const rows = new GraphRows()
    for (let at = 0; at < 200; at++) {
      const row = rows.next(madeId(at), [madeId(1000 + at)])
      expect(row.match(/\*/g)).toHaveLength(1)
      expect(row.length).toBeLessThan(60)
    }
  })
})
