import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, it } from 'vitest'
import { NEWEST_KNOWN, tuneEngine } from '../../src/plumbing/tune-engine.ts'

const LIBRARY = pathToFileURL(resolve(import.meta.dirname, '../../dist/index.js')).href
const major = Number.parseInt(process.versions.node, 10)
const isKnown = major <= NEWEST_KNOWN

/** What a program prints that writes two million rows and reads them, with how often V8 marked all of the heap. */
function run(prepare: string, ...flags: string[]): string {
  const script = `
    import { PerformanceObserver, constants } from 'node:perf_hooks'
    import { tuneEngine, framesTable, makeFrame, openRepository, parseSchemaText, readSeriesRows, writeSeries } from '${LIBRARY}'
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
    console.log('marked ' + markings)`
  const args = [...flags, '--input-type=module', '--eval', script]
  return execFileSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
}

const markings = (prepare: string): number => Number(/^marked (\d+)$/m.exec(run(prepare))![1])

/** How many functions V8 made fast. */
const optimised = (prepare: string): number =>
  run(prepare, '--trace-opt').match(/completed optimizing/g)!.length

it('a program has its heap marked less often, where the flags of V8 are known', () => {
  const share = markings('tuneEngine()') / markings('')
  if (isKnown) expect(share).toBeLessThan(1)
  else expect(share).toBeGreaterThan(0.5)
})

it('fewer functions are made fast at first, where Node is known to wait for that', () => {
  const share = optimised('tuneEngine()') / optimised('')
  if (major <= 21) expect(share).toBeLessThan(0.8)
  else expect(share).toBeGreaterThan(0.8)
})

it('a heap grows by a whole number of percent', () => {
  for (const percent of [Number.NaN, 2.5, -5]) {
    expect(() => tuneEngine({ heapGrowth: percent })).toThrow(
      expect.objectContaining({ code: 'bad-input' }),
    )
  }
})
