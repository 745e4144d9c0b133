import { describe, expect, it } from 'vitest'
import type * as Library from '../../src/index.ts'

// The library as it is published.
const published = new URL('../../dist/index.js', import.meta.url).href
const library = (await import(published)) as typeof Library
const { addFiles, log, openRepository, readSeriesRows, scalarAt } = library

const author = { name: 'Ada', email: 'ada@example.com' }

function table(text: string): Library.InputTable {
  return {
    name: 'prices.csv',
    async *open() {
      yield Buffer.from(text)
    },
  }
}

describe('the library', () => {
  it('keeps a series in memory, corrects it, and reads it as it was', async () => {
    const repo = await openRepository('memory:', { author })
    const add = (text: string) =>
      addFiles(repo, [{ series: 'prices', input: table(text) }], { commit: repo.signed() })
    await add('Date,Price\n2026-08-14,65.1\n2026-08-17,65.98\n')
    await add('Date,Price\n2026-08-14,65.1\n2026-08-17,66.02\n')

    const pricesAt = async (rev: string) => {
      const found = await readSeriesRows(repo, { name: 'prices', rev })
      const prices: unknown[] = []
      for await (const frame of found.frames()) {
        for (let row = 0; row < frame.rows; row++) prices.push(scalarAt(frame.columns[1]!, row))
      }
      return prices
    }

    expect(await pricesAt('HEAD')).toEqual([65.1, 66.02])
    expect(await pricesAt('HEAD~1')).toEqual([65.1, 65.98])
    const messages: string[] = []
    for await (const entry of log(repo)) messages.push(entry.commit.message)
    expect(messages).toEqual(['prices: +0 ~1 -0\n', 'prices: +2 ~0 -0\n'])
  })
})
