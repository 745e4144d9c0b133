import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type OpenedRepository, rowsTable, writeSeries } from '../../src/index.ts'
import type { Carrier } from '../../src/transport/carrier.ts'
import { openLocalCarrier } from '../../src/transport/local-carrier.ts'
import { openRemoteSession } from '../../src/transport/open-session.ts'
import { Comparison, VARVE } from '../compare.ts'
import { largerValues, rowAt } from '../data-edits.ts'
import { dataSetFrames, dataSets } from '../data-sets.ts'
import { openIn, writeFrames } from '../in-varve.ts'
import { costOf } from '../measure.ts'
import type { Suite, Target } from '../suite.ts'
import { measureClones } from './clones.ts'
import { makeSeries, nameOf } from './series.ts'

const NAME = 'sensors'
const MAIN = 'refs/heads/main'
const SERIES = 10_000
const CHANGED = 10
const FULL = 10_000_000
const WHO = { name: 'Ada', email: 'ada@example.org' }

/** What moves between two repositories, in frames of the protocol; carriers add their own. */
export const transferSuite: Suite = {
  name: 'transfer',
  about:
    'clone, push and pull between two folders, in process; clones over HTTP and ssh, and by git',
  targetRows: FULL,
  async run(context) {
    const { folder, rows } = context
    const comparison = new Comparison()
    const targets: Target[] = []
    const moved = (what: string, most: number, reached: number): void => {
      targets.push({ what: `${what}: bytes moved, both ways`, most, reached, unit: 'bytes' })
      comparison.add(what, VARVE, { storedBytes: reached })
    }
    const frames = [...dataSetFrames(NAME, rows)]
    const { schema } = dataSets[NAME]
    const [origin, clone] = await pair(join(folder, 'one'))
    await writeFrames(origin, NAME, schema, frames)
    const cost = await costOf(() => pull(clone, origin))
    comparison.add(`clone of ${rows.toLocaleString('en-US')} rows`, VARVE, cost)
    const row = largerValues([rowAt(frames, Math.floor(rows * 0.6))], 0.5)
    await writeFrames(origin, NAME, schema, row)
    moved('pull of one corrected value', 6000, await pull(clone, origin))
    moved('pull of nothing', 1000, await pull(clone, origin))
    await writeFrames(clone, NAME, schema, largerValues([rowAt(frames, 12_345)], 0.5))
    moved('push of one corrected value', 6000, await push(clone, origin))
    await origin.close()
    await clone.close()

    const count = rows < 1_000_000 ? SERIES / 20 : SERIES
    const ofMany = `${CHANGED} of ${count.toLocaleString('en-US')} series`
    const [many, other] = await pair(join(folder, 'many'))
    await makeSeries(many, count)
    await pull(other, many)
    await changeSome(many, count, 99.5)
    moved(`pull of ${ofMany}`, 40_000, await pull(other, many))
    await changeSome(other, count, 100.5)
    moved(`push of ${ofMany}`, 40_000, await push(other, many))
    await many.close()
    await other.close()
    targets.push(...(await measureClones(context, comparison)))
    return { rows: comparison.rows(), targets }
  },
}

async function pair(folder: string): Promise<[OpenedRepository, OpenedRepository]> {
  const both = ['origin', 'clone'].map((name) => join(folder, name))
  for (const path of both) mkdirSync(path, { recursive: true })
  return [await openIn(both[0]!), await openIn(both[1]!)]
}

async function changeSome(repo: OpenedRepository, count: number, value: number): Promise<void> {
  for (let i = 0; i < CHANGED; i++) {
    const row = [BigInt(1_800_000_000 + i), value] as const
    await writeSeries(repo, {
      series: `many/${nameOf((i * 977) % count)}`,
      input: rowsTable('time:timestamp_s value:float64', [row]),
      commit: repo.signed('a row'),
    })
  }
}

interface Counting {
  readonly carrier: Carrier
  readonly bytes: () => number
}

function carryTo(repo: OpenedRepository): Counting {
  let bytes = 0
  const now = () => ({ seconds: Math.floor(Date.now() / 1000), offsetMinutes: 0 })
  const carrier = openLocalCarrier({ repo, policy: {}, client: WHO, now })
  const count = async function* (pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces) {
      bytes += piece.length
      yield piece
    }
  }
  return {
    carrier: {
      ...carrier,
      exchange: (service, request, options) =>
        count(carrier.exchange(service, count(request), options)),
    },
    bytes: () => bytes,
  }
}

const nowSeconds = (): number => Math.floor(Date.now() / 1000)

/** Takes main from another repository. Returns the bytes that moved. */
async function pull(repo: OpenedRepository, from: OpenedRepository): Promise<number> {
  const { carrier, bytes } = carryTo(from)
  const session = openRemoteSession(repo, carrier)
  const { refs } = await session.list()
  const there = refs.find(({ name }) => name === MAIN)!.id
  const here = (await repo.refs.state()).refs.get(MAIN)
  const haves = here === undefined ? [] : [here]
  const received = await session.fetch({ wants: [there], haves, now: nowSeconds() })
  if (there !== here) {
    const { packs, since } = received
    const updates = [{ name: MAIN, old: here, new: there }]
    const who = { ...WHO, seconds: nowSeconds(), offsetMinutes: 0 }
    await repo.refs.append({ updates, who, message: 'pull', packs, since })
  }
  return bytes()
}

async function push(repo: OpenedRepository, to: OpenedRepository): Promise<number> {
  const { carrier, bytes } = carryTo(to)
  const session = openRemoteSession(repo, carrier)
  const remote = await session.list({ service: 'receive-pack' })
  const old = remote.refs.find(({ name }) => name === MAIN)?.id
  const tip = (await repo.refs.state()).refs.get(MAIN)!
  const updates = [{ ref: MAIN, old, new: tip }]
  const { outcomes } = await session.push({ updates, remote, now: nowSeconds() })
  if (outcomes[0]!.status !== 'ok') throw new Error(`not pushed: ${outcomes[0]!.status}`)
  return bytes()
}
