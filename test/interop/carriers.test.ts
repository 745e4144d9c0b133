import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe } from 'vitest'
import { describeCarrier } from '../contract/carrier.ts'
import { bareRepository, carrierTo, type ServedFolder, serveFolder } from '../support/carried.ts'
import { effort } from '../support/effort.ts'
import { hasNginx, hasOpenssl, makeCertificate, startNginx } from '../support/nginx.ts'
import { PROGRAM } from '../support/program.ts'
import { hasSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { temporaryFolder } from '../support/temporary.ts'

const started: ServedFolder[] = []
afterAll(() => {
  for (const server of started.splice(0)) server.stop()
})

const size = {
  commitsEach: effort({ quick: 1, usual: 1, nightly: 25 }),
  everyCut: effort({ quick: 12, usual: 12, nightly: 1 }),
}

/** What is made once for all the repositories of a suite. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => {
    made ??= make()
    return made
  }
}

let names = 0

/** The suite over HTTP; `front` gives the origin that clients know, and what they must know to trust it. */
function describeHttp(
  name: string,
  options: () => Parameters<typeof serveFolder>[0],
  front: (url: string) => Promise<{ origin: string; config: Record<string, string> }>,
): void {
  const folder = once(async () => {
    const server = await serveFolder(options())
    started.push(server)
    return { server, ...(await front(server.url)) }
  })
  describeCarrier(name, {
    ...size,
    serve: async () => {
      const { server, origin, config } = await folder()
      const path = `r${names++}`
      const repo = await bareRepository(server.root, path)
      const environment = { VARVE_TOKEN: server.token }
      return { repo, open: () => carrierTo(`${origin}/${path}`, { environment, config }) }
    },
  })
}

describeHttp(
  'http',
  () => ({}),
  async (origin) => ({ origin, config: {} }),
)

describe.skipIf(!hasOpenssl)('TLS', () => {
  const { cert, key } = hasOpenssl ? makeCertificate() : { cert: '', key: '' }
  const config = { 'http.sslCAInfo': cert }
  describeHttp(
    'https',
    () => ({ tls: { cert: readFileSync(cert), key: readFileSync(key) } }),
    async (origin) => ({ origin, config }),
  )
  describe.skipIf(!hasNginx)('behind', () => {
    describeHttp(
      'nginx',
      () => ({ trustProxy: true }),
      async (url) => ({ origin: await startNginx(url, { cert, key }), config }),
    )
  })
})

describe.skipIf(!hasSshd)('sshd', () => {
  const server = once(async () => ({ sshd: await startSshd(), root: temporaryFolder() }))
  const describeSsh = (name: string, config: (sshd: Sshd) => Record<string, string>) =>
    describeCarrier(name, {
      ...size,
      // Each exchange begins two processes and more on the other side.
      clients: effort({ quick: 2, usual: 2, nightly: 8 }),
      everyCut: effort({ quick: 40, usual: 40, nightly: 1 }),
      serve: async () => {
        const { sshd, root } = await server()
        const path = `r${names++}`
        const repo = await bareRepository(root, path)
        const url = `ssh://${sshd.user}@127.0.0.1:${sshd.port}${join(root, path)}`
        const program = (service: string) => `${process.execPath} ${PROGRAM} ${service}`
        return {
          repo,
          open: () => carrierTo(url, { home: sshd.home, config: config(sshd), program }),
        }
      },
    })
  describeSsh("the system's ssh", ({ command }) => ({ 'core.sshCommand': command }))
  describeSsh('the built-in ssh', () => ({ 'core.ssh': 'builtin' }))
})
