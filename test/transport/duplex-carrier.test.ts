import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Repository } from '../../src/plumbing/repository.ts'
import type { Service } from '../../src/transport/carrier.ts'
import { openDuplexCarrier } from '../../src/transport/duplex-carrier.ts'
import { openRemoteSession } from '../../src/transport/open-session.ts'
import { serveExchanges } from '../../src/transport/serve-exchange.ts'
import {
  adopt,
  commitRows,
  emptyRepository,
  expectWhole,
  MAIN,
  NOW,
  served,
  tipOf,
} from '../support/transfer.ts'

/** A session over pipes in this process, to which services it has connected, and what ends the last of these connections. */
function sessionWith(repo: Repository, there: Repository) {
  const connected: Service[] = []
  let last: PassThrough | undefined
  const carrier = openDuplexCarrier({
    location: 'there',
    connect: async (service) => {
      connected.push(service)
      const writable = new PassThrough()
      last = writable
      const answers = serveExchanges(served(there), service, writable)
      const readable = Readable.from(answers, { objectMode: false })
      return { readable, writable, close: async () => void writable.end() }
    },
  })
  return { session: openRemoteSession(repo, carrier), connected, hangUp: () => last?.destroy() }
}

describe('a carrier over two streams', () => {
  it('asks all there is to ask of a service over one connection', async () => {
    const [here, there] = [await emptyRepository(), await emptyRepository()]
    for (let seconds = 1; seconds <= 3; seconds++) await commitRows(there, { seconds, rows: 2000 })
    const { session, connected } = sessionWith(here, there)

    const { refs, token, head, shallow } = await session.list()
    const tip = refs.find(({ name }) => name === MAIN)!.id
    await adopt(here, await session.fetch({ wants: [tip], haves: [], now: NOW }), tip)
    const known = { refs, token, head, shallow }
    await session.list({ known })
    await session.close()

    expect(connected).toEqual(['upload-pack'])
    expect(await tipOf(here)).toBe(await tipOf(there))
    await expectWhole(here)
  })

  it('pushes over the connection that it listed refs over', async () => {
    const [here, there] = [await emptyRepository(), await emptyRepository()]
    const tip = await commitRows(here, { seconds: 1, rows: 2000 })
    const { session, connected } = sessionWith(here, there)

    const remote = await session.list({ service: 'receive-pack' })
    const updates = [{ ref: MAIN, old: undefined, new: tip }]
    const { outcomes } = await session.push({ updates, remote, now: NOW })
    await session.close()

    expect(outcomes.map(({ status }) => status)).toEqual(['ok'])
    expect(connected).toEqual(['receive-pack'])
  })

  it('connects anew where the other side has hung up meanwhile', async () => {
    const [here, there] = [await emptyRepository(), await emptyRepository()]
    const tip = await commitRows(there, { seconds: 1, rows: 2000 })
    const { session, connected, hangUp } = sessionWith(here, there)

    await session.list()
    hangUp()
    await adopt(here, await session.fetch({ wants: [tip], haves: [], now: NOW }), tip)
    await session.close()

    expect(connected).toEqual(['upload-pack', 'upload-pack'])
    await expectWhole(here)
  })

  it('connects anew after an answer that was given up', async () => {
    const [here, there] = [await emptyRepository(), await emptyRepository()]
    const tip = await commitRows(there, { seconds: 1, rows: 60_000 })
    const { session, connected } = sessionWith(here, there)

    const signal = new AbortController()
    const onProgress = ({ bytes }: { readonly bytes: number }): void => {
      if (bytes > 0) signal.abort()
    }
    const fetching = session.fetch({
      wants: [tip],
      haves: [],
      now: NOW,
      onProgress,
      signal: signal.signal,
    })
    await expect(fetching).rejects.toMatchObject({ code: 'interrupted' })
    await adopt(here, await session.fetch({ wants: [tip], haves: [], now: NOW }), tip)
    await session.close()

    expect(connected).toEqual(['upload-pack', 'upload-pack'])
    await expectWhole(here)
  })
})
