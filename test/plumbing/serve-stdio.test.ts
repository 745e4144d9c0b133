import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { initRepository } from '../../src/plumbing/init-repository.ts'
import { lsRemote } from '../../src/plumbing/ls-remote.ts'
import { parseRemoteCommand, placeBelow, serveStdio } from '../../src/plumbing/serve-stdio.ts'
import { openFileSystemStorage } from '../../src/storage/file-system.ts'
import { initRepositoryFolder } from '../../src/storage/repository-folder.ts'
import { FrameReader } from '../../src/transport/frames.ts'
import { openLocalCarrier } from '../../src/transport/local-carrier.ts'
import { openRemoteSession } from '../../src/transport/open-session.ts'
import { ann, collect, linearHistory, newRepository, setRefs } from '../support/repositories.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { emptyRepository, MAIN, served } from '../support/transfer.ts'

describe('what a client asks ssh for', () => {
  it.each([
    ["varve upload-pack '/srv/a b'", { service: 'upload-pack', path: '/srv/a b' }],
    ["/usr/bin/varve receive-pack 'it'\\''s'", { service: 'receive-pack', path: "it's" }],
    ['varve upload-pack prices', { service: 'upload-pack', path: 'prices' }],
  ])('%s', (command, asked) => {
    expect(parseRemoteCommand(command)).toEqual(asked)
  })

  it.each([
    'rm -rf /',
    "varve upload-pack 'a'; id",
    'varve upload-pack $(id)',
    "varve upload-pack 'a' 'b'",
    "varve -c core.editor=x upload-pack 'a'",
    'varve upload-pack',
    'varve gc a',
  ])('refuses %s', (command) => {
    expect(() => parseRemoteCommand(command)).toThrow('serves varve upload-pack and receive-pack')
  })
})

describe('a folder that a service is held to', () => {
  it('has the repositories in it, and none that links lead to', async () => {
    const outer = temporaryFolder()
    const root = join(outer, 'root')
    mkdirSync(root)
    for (const folder of [join(root, 'in.varve'), join(outer, 'out.varve')]) {
      await initRepositoryFolder(folder)
      await initRepository({ storage: openFileSystemStorage(folder), who: ann(0) })
    }
    symlinkSync(join(outer, 'out.varve'), join(root, 'link.varve'))

    expect(placeBelow(root, 'in.varve')).toBe(join(root, 'in.varve'))
    expect(placeBelow(root, '/in.varve/')).toBe(join(root, 'in.varve'))
    expect(placeBelow(root, join(root, 'in.varve'))).toBe(join(root, 'in.varve'))
    for (const path of ['../out.varve', 'link.varve', join(outer, 'out.varve'), 'none', '.']) {
      expect(() => placeBelow(root, path), path).toThrow('not a repository that is served here')
    }
  })
})

describe('a service over standard input and output', () => {
  it('names the setting that it cannot make sense of to whoever asks', async () => {
    const config = new Map([['receive.maxInputSize', 'many']])
    const answer = serveStdio('receive-pack', (async function* () {})(), {
      open: () => newRepository({ config }),
      client: { name: 'Ann', email: 'ann@example.com' },
      now: () => ({ seconds: 0, offsetMinutes: 0 }),
    })
    await expect(new FrameReader(answer).expect()).rejects.toMatchObject({
      code: 'invalid-value',
      message: expect.stringContaining('receive.maxInputSize is "many"'),
    })
  })
})

describe('ls-remote', () => {
  it('lists HEAD, branches and tags, and those of a name', async () => {
    const origin = await emptyRepository()
    const [first, last] = await linearHistory(origin, 2)
    await setRefs(origin, { 'refs/tags/v1': first, 'refs/remotes/x/main': first })
    const connect = async (repo: Parameters<typeof openRemoteSession>[0]) =>
      openRemoteSession(repo, openLocalCarrier(served(origin)))
    const list = (options: object) =>
      collect(lsRemote(undefined, { remote: 'x', connect, ...options }))

    expect(await list({})).toEqual([
      { ref: 'HEAD', id: last },
      { ref: MAIN, id: last },
      { ref: 'refs/tags/v1', id: first },
    ])
    expect(await list({ heads: true })).toEqual([{ ref: MAIN, id: last }])
    expect(await list({ names: ['v1'] })).toEqual([{ ref: 'refs/tags/v1', id: first }])
  })
})
