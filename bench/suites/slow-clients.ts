import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type OpenedRepository, rowsTable, writeSeries } from '../../src/index.ts'
import { Comparison, VARVE } from '../compare.ts'
import { openIn } from '../in-varve.ts'
import { varve } from '../program.ts'
import { listRefs, openSlowClients, startServer } from '../slow-clients.ts'
import type { Suite } from '../suite.ts'

/** The size at which the figures are asked; a smaller one asks less of a smaller number. */
const FULL = 10_000_000
const CLIENTS = 500
/** More than what two ends of a connection keep on the way. */
const ROWS = 1_200_000
const REQUESTS = 1_000
/** Below what an address may ask for in a second. */
const PAUSE_MS = 20
const NAME = 'bench.varve'

/** A normal client of `varve serve` beside many that hold what they have as long as they may. */
export const slowClientsSuite: Suite = {
  name: 'slow-clients',
  about: 'varve serve beside 500 slow connections: what a normal client waits, and the memory',
  async run({ folder, rows }) {
    const [clients, requests] = [CLIENTS, REQUESTS].map((count) =>
      Math.ceil(count * Math.min(1, rows / FULL) ** 0.5),
    ) as [number, number]
    const [big, small] = ['big', 'small'].map((name) => join(folder, name)) as [string, string]
    for (const path of [big, small]) mkdirSync(path)
    const tip = await filled(await openIn(big), ROWS)
    await filled(await openIn(small), 10)
    const command = varve('serve', '--http', '127.0.0.1:0', '--root', folder, '--json')
    const server = await startServer(command)
    try {
      const path = `big/${NAME}`
      const slow = await openSlowClients(server.url, { count: clients, path, tip })
      const seconds: number[] = []
      for (let i = 0; i < requests; i++) {
        const began = performance.now()
        const { status } = await listRefs(server.url, `small/${NAME}`)
        if (status !== 200) throw new Error(`a normal client was answered ${status}`)
        seconds.push((performance.now() - began) / 1000)
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
      slow.close()
      seconds.sort((a, b) => a - b)
      const at = (share: number): number => seconds[Math.ceil(share * seconds.length) - 1]!
      const comparison = new Comparison()
      const beside = `beside ${clients} slow clients`
      comparison.add(`a request ${beside}: median`, VARVE, { seconds: at(0.5) })
      comparison.add(`a request ${beside}: 99 of 100`, VARVE, { seconds: at(0.99) })
      comparison.add(`a request ${beside}: the longest`, VARVE, { seconds: at(1) })
      const peakBytes = server.peakBytes()
      if (peakBytes !== undefined) comparison.add(`the server ${beside}`, VARVE, { peakBytes })
      const targets = [
        ...comparison.ownTarget(`a request ${beside}: 99 of 100`, 'seconds', 1),
        ...comparison.ownTarget(`the server ${beside}`, 'peakBytes', 512e6),
      ]
      return { rows: comparison.rows(), targets }
    } finally {
      await server.stop()
    }
  },
}

/** Commits random rows. Returns the commit. */
async function filled(repo: OpenedRepository, rows: number) {
  const values = function* () {
    for (let i = 0; i < rows; i++) yield [BigInt(i), Math.random()] as const
  }
  await writeSeries(repo, {
    series: 'prices',
    create: true,
    input: rowsTable('n:int64 v:float64', values()),
    commit: repo.signed('rows'),
  })
  const { refs } = await repo.refs.state()
  await repo.close()
  return refs.get('refs/heads/main')!
}
