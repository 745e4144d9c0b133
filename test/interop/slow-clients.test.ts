import { afterEach, describe, expect, it } from 'vitest'
import {
  listRefs,
  openSlowClients,
  type RunningServer,
  startServer,
} from '../../bench/slow-clients.ts'
import { bareRepository } from '../support/carried.ts'
import { PROGRAM, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { commitRows } from '../support/transfer.ts'

const CLIENTS = 500
/** More than what two ends of a connection keep on the way. */
const ROWS = 1_200_000

const started: { stop?(): Promise<void>; close?(): void }[] = []
afterEach(async () => {
  for (const { stop, close } of started.splice(0).reverse()) {
    close?.()
    await stop?.()
  }
})

describe('500 clients that are slow in every way', () => {
  let server: RunningServer

  it('keep nobody else from being served, and are cut off', { timeout: 180_000 }, async () => {
    const root = temporaryFolder()
    const tip = await commitRows(await bareRepository(root, 'big'), { seconds: 100, rows: ROWS })
    await commitRows(await bareRepository(root, 'small'), { seconds: 100, rows: 10 })
    const command = [process.execPath, PROGRAM, 'serve', '--http', '127.0.0.1:0', '--root', root]
    server = await startServer([...command, '--json'])
    started.push(server)
    const slow = await openSlowClients(server.url, { count: CLIENTS, path: 'big', tip })
    started.push(slow)

    for (let i = 0; i < 30; i++) {
      expect(await listRefs(server.url, 'small')).toEqual({
        status: 200,
        bytes: expect.any(Number),
      })
    }
    const cloned = await varve(['clone', `${server.url}/small`, 'copy'], { cwd: temporaryFolder() })
    expect(cloned).toMatchObject({ exitCode: 0 })

    const cutOff = () =>
      server.log.filter(({ path, error }) => path.startsWith('/big') && error !== undefined)
    await until(
      () =>
        slow.open('silent') + slow.open('head') + slow.open('body') === 0 &&
        cutOff().length >= CLIENTS / 4,
    )
    const reasons = new Set(server.log.map(({ error }) => error))
    expect(reasons).toContain('ERR_HTTP_REQUEST_TIMEOUT')
    expect(reasons).toContain('the client is too slow')
    expect(server.peakBytes() ?? 0).toBeLessThan(512e6)
    expect(await listRefs(server.url, 'big')).toMatchObject({ status: 200 })
  })
})

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 100))
}
