import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { letHeapGrow, NEWEST_KNOWN } from '../../src/plumbing/let-heap-grow.ts'

const LIBRARY = pathToFileURL(resolve(import.meta.dirname, '../../dist/index.js')).href
const isKnown = Number.parseInt(process.versions.node, 10) <= NEWEST_KNOWN
if (!isKnown) {
  const newest = `Node ${NEWEST_KNOWN}, the newest whose flags of V8 are known`
  process.stderr.write(`SKIPPED: a test of how V8's heap grows, which takes ${newest}\n`)
}

/** How often V8 marked all of the heap while two million rows were written and read. */
function markings(prepare: string): number {
  const script = `
    import { PerformanceObserver, constants } from 'node:perf_hooks'
    import { letHeapGrow, framesTable, makeFrame, openRepository, parseSchemaText, readSeriesRows, writeSeries } from '${LIBRARY}'
    ${prepare}
    let markings = 0
    new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) markings++
    }).observe({ entryTypes: ['gc'] })
    const rows = 100_000
    const schema = parseSchemaText('n:int64 v:float64')
    function* frames() {
      for (let from = 0; from < 2_000_000; from += rows) {
        const values = [new BigInt64Array(rows), new Float64Array(rows)]
        for (let i = 0; i < rows; i++) {
          values[0][i] = BigInt(from + i)
          values[1][i] = Math.sin(from + i)
        }
        const types = ['int64', 'float64']
        yield makeFrame(schema, values.map((of, c) => ({ type: types[c], length: rows, values: of })))
      }
    }
    const repo = await openRepository('memory:', { author: { name: 'Ada', email: 'ada@example.org' } })
    await writeSeries(repo, { series: 'x', create: true, input: framesTable(schema, frames), commit: repo.signed('rows') })
    for (let i = 0; i < 12; i++) {
      const found = await readSeriesRows(repo, { name: 'x' })
      for await (const frame of found.frames());
    }
    await repo.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    console.log(markings)`
  const args = ['--input-type=module', '--eval', script]
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }))
}

it.skipIf(!isKnown)('a program that lets its heap grow has it marked less often', () => {
  expect(markings('letHeapGrow()')).toBeLessThan(markings(''))
})

it('a heap grows by a whole number of percent', () => {
  for (const percent of [Number.NaN, 2.5, -5]) {
    expect(() => letHeapGrow(percent)).toThrow(expect.objectContaining({ code: 'bad-input' }))
  }
})
