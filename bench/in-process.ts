import { join } from 'node:path'
import type { Frame } from '../src/core/schema.ts'
import { readSeries } from '../src/core/series.ts'
import { buildSeries } from '../src/core/series-build.ts'
import { readRows } from '../src/core/series-read.ts'
import { openFileSystemStorage } from '../src/storage/file-system.ts'
import { openObjectStore } from '../src/storage/object-store.ts'
import type { Storage } from '../src/storage/storage.ts'
import { type DataSetName, dataSetFrames, dataSetNames, dataSets } from './data-sets.ts'
import { type Cost, medianCost, sizeOf } from './measure.ts'
import type { Row } from './table.ts'

/**
 * The model by itself, in this process, from frames in memory to a pack on disk and back: split,
 * hashed, encoded, flushed; read with every checksum verified.
 */
export async function benchInProcess(
  folder: string,
  rows: number,
  runs: number,
  only: readonly DataSetName[] = dataSetNames,
): Promise<Row[]> {
  const results: Row[] = []
  for (const name of only) {
    const frames = [...dataSetFrames(name, rows)]
    const costs = new Map<string, Cost[]>()
    const note = (what: string, cost: Cost) => costs.set(what, [...(costs.get(what) ?? []), cost])
    let storedBytes = 0
    // Once more than is counted, so that the code is compiled.
    for (let run = 0; run <= runs; run++) {
      const path = join(folder, `${name}${run}`)
      const measured = await measure(path, name, frames, rows)
      storedBytes = sizeOf(path)
      if (run > 0) for (const [what, cost] of measured) note(what, cost)
    }
    for (const [what, all] of costs) {
      const { seconds, cpuSeconds } = medianCost(all)
      const stored = what === 'write' && { storedBytes }
      results.push({ what: `${name}: ${what}`, seconds, cpuSeconds, ...stored })
    }
  }
  return results
}

async function measure(
  path: string,
  name: DataSetName,
  frames: readonly Frame[],
  rows: number,
): Promise<[string, Cost][]> {
  const storage = openFileSystemStorage(path)
  try {
    let id: Awaited<ReturnType<typeof write>> | undefined
    const writing = await costOf(async () => {
      id = await write(storage, name, frames)
    })
    const read = (options: Parameters<typeof readRows>[2]) =>
      costOf(async () => {
        // Opened anew: nothing is known of the packs yet.
        const store = openObjectStore(storage)
        for await (const _ of readRows(store, await readSeries(store, id!), options));
      })
    const middle = Math.floor(rows * 0.4)
    return [
      ['write', writing],
      ['read all', await read({})],
      ['read 1 %', await read({ offset: middle, limit: Math.floor(rows / 100) })],
      ['read tail 5', await read({ tail: 5 })],
    ]
  } finally {
    await storage.close()
  }
}

async function write(storage: Storage, name: DataSetName, frames: readonly Frame[]) {
  const batch = await openObjectStore(storage).begin()
  const { id } = await buildSeries(batch, dataSets[name].schema, frames)
  await batch.publish()
  return id
}

async function costOf(action: () => Promise<void>): Promise<Cost> {
  const began = process.hrtime.bigint()
  const before = process.cpuUsage()
  await action()
  const { user, system } = process.cpuUsage(before)
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  return { seconds, cpuSeconds: (user + system) / 1e6, peakBytes: 0 }
}
