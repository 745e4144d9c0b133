import { execFileSync } from 'node:child_process'
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { VarveError } from '../../src/core/errors.ts'
import type { Carrier } from '../../src/transport/carrier.ts'
import { END_FRAME, encodeFrame } from '../../src/transport/frames.ts'
import { openCarrier } from '../../src/transport/open-carrier.ts'
import { parseRemoteUrl } from '../../src/transport/remote-url.ts'
import { hasSshd, type Sshd, startSshd } from '../support/sshd.ts'
import { carrierConfig, surroundings } from '../support/surroundings.ts'
import { temporaryFolder } from '../support/temporary.ts'

/** The other side gives back what it gets: an answer ends where the request did. */
const ECHO = 'cat #'

interface Way {
  readonly config?: Record<string, string>
  readonly home?: string
  readonly environment?: Record<string, string>
  readonly secrets?: readonly string[]
  readonly notes?: string[]
  readonly program?: string
  readonly port?: number
}

describe.skipIf(!hasSshd)('ssh', () => {
  let sshd: Sshd
  beforeAll(async () => {
    sshd = await startSshd()
  })

  const builtIn = { 'core.ssh': 'builtin' }
  const system = () => ({ 'core.sshCommand': sshd.command })

  function open(way: Way = {}): Promise<Carrier> {
    const { user, home } = sshd
    const url = `ssh://${user}@127.0.0.1:${way.port ?? sshd.port}/data/it's%20$(here)`
    return openCarrier(parseRemoteUrl(url), {
      surroundings: surroundings({ ...way, home: way.home ?? home }),
      config: carrierConfig(way.config ?? system()),
      uploadPack: way.program ?? ECHO,
      receivePack: way.program ?? ECHO,
      openPath: async () => expect.unreachable(),
    })
  }

  async function ask(carrier: Carrier, bytes: Uint8Array): Promise<number> {
    async function* request() {
      yield encodeFrame(0x20, bytes)
      yield END_FRAME
    }
    let got = 0
    for await (const piece of carrier.exchange('upload-pack', request())) got += piece.length
    return got
  }

  async function failure(way: Way): Promise<VarveError> {
    const carrier = await open(way)
    const error = await ask(carrier, Buffer.from('x')).then(
      () => undefined,
      (caught: unknown) => caught,
    )
    await carrier.close()
    expect(error).toBeInstanceOf(VarveError)
    return error as VarveError
  }

  /** A home whose known_hosts and key can be changed. */
  function otherHome(): string {
    const home = temporaryFolder()
    execFileSync('cp', ['-a', `${sshd.home}/.ssh`, home])
    rmSync(join(home, '.ssh/config'))
    return home
  }

  describe.each([
    ["the system's", system],
    ['the built-in one', () => builtIn],
  ])('%s', (_, config) => {
    it('carries many exchanges over one connection, of any size', async () => {
      const carrier = await open({ config: config() })
      for (const size of [0, 1, 1_000_000, 10]) {
        expect(await ask(carrier, Buffer.alloc(size))).toBeGreaterThan(size)
      }
      await carrier.close()
    })

    it('gives the command there the path as one word', async () => {
      const notes: string[] = []
      const carrier = await open({
        config: config(),
        notes,
        program: 'sh -c \'echo "<$1>" >&2; cat\' sh',
      })
      await ask(carrier, Buffer.from('x'))
      await carrier.close()
      expect(notes).toEqual(["127.0.0.1: </data/it's $(here)>"])
    })

    it('says what to do where varve is not there', async () => {
      const { code, hint } = await failure({
        config: config(),
        program: 'no-such-varve upload-pack',
      })
      expect([code, hint]).toEqual(['unreachable', expect.stringContaining('sftp://')])
    })

    it('says what the other side said before it ended', async () => {
      const { code, message } = await failure({
        config: config(),
        program: 'echo "full \x1b[31mdisk" >&2; exit 3 #',
      })
      expect(code).toBe('disconnected')
      expect(message).toContain('full \\x1b[31mdisk')
    })

    it('says that nobody listens', async () => {
      expect((await failure({ config: config(), port: 1 })).code).toBe('unreachable')
    })
  })

  it('trusts no host that is not known, or has another key (the system’s)', async () => {
    const home = otherHome()
    const known = join(home, '.ssh/known_hosts')
    const config = { 'core.sshCommand': `${sshd.command} -o UserKnownHostsFile=${known}` }
    writeFileSync(known, '')
    expect((await failure({ config })).code).toBe('untrusted-host')
  })

  it('asks for a passphrase, and takes what was written by ssh-keygen', async () => {
    const home = otherHome()
    const key = join(home, '.ssh/id_ed25519')
    execFileSync('ssh-keygen', ['-q', '-p', '-N', 'open sesame', '-f', key])
    const notes: string[] = []
    const carrier = await open({ config: builtIn, home, secrets: ['wrong', 'open sesame'], notes })
    expect(await ask(carrier, Buffer.from('x'))).toBeGreaterThan(0)
    await carrier.close()
    expect(notes).toEqual(['that is not the passphrase'])

    expect((await failure({ config: builtIn, home })).code).toBe('access-denied')
  })

  it('takes keys of an agent, but refuses a key file that others can read', async () => {
    const home = otherHome()
    const key = join(home, '.ssh/id_ed25519')
    const socket = join(home, 'agent')
    const started = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' })
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)![1])
    try {
      const environment = { SSH_AUTH_SOCK: socket }
      execFileSync('ssh-add', ['-q', key], { env: { ...process.env, ...environment } })
      rmSync(key)
      const carrier = await open({ config: builtIn, home, environment })
      expect(await ask(carrier, Buffer.from('x'))).toBeGreaterThan(0)
      await carrier.close()
    } finally {
      process.kill(pid)
    }
    writeFileSync(key, readFileSync(join(sshd.home, '.ssh/id_ed25519')))
    chmodSync(key, 0o644)
    const { code, hint } = await failure({ config: builtIn, home })
    expect([code, hint]).toEqual(['refused', `chmod 600 ${key}`])
  })

  describe('the built-in one trusts', () => {
    const trusting = async (lines: (line: string) => string) => {
      const home = otherHome()
      writeFileSync(join(home, '.ssh/known_hosts'), lines(sshd.hostLine))
      return { config: builtIn, home }
    }
    /** Another key of the same type. */
    function otherKey(): string {
      const path = join(temporaryFolder(), 'key')
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path])
      return readFileSync(`${path}.pub`, 'utf8').split(' ')[1]!
    }

    it('a host whose name is hashed', async () => {
      const way = await trusting((line) => line)
      execFileSync('ssh-keygen', ['-q', '-H', '-f', join(way.home, '.ssh/known_hosts')], {
        stdio: 'ignore',
      })
      expect(readFileSync(join(way.home, '.ssh/known_hosts'), 'utf8')).toMatch(/^\|1\|/)
      const carrier = await open(way)
      expect(await ask(carrier, Buffer.from('x'))).toBeGreaterThan(0)
      await carrier.close()
    })

    it.each([
      ['no host that is not known', () => '', 'not in known_hosts'],
      ['no other key', (line: string) => line.replace(/\S+\n$/, `${otherKey()}\n`), 'another key'],
      ['no other port', (line: string) => line.replace(/:\d+ /, ':1 '), 'not in known_hosts'],
      [
        'no key that was revoked',
        (line: string) => `${line}@revoked * ${line.split(' ').slice(1).join(' ')}`,
        'revoked',
      ],
      ['no authority', (line: string) => `@cert-authority ${line}`, 'certificate authority'],
    ])('%s', async (_, lines, expected) => {
      const { code, message } = await failure(await trusting(lines))
      expect(code).toBe('untrusted-host')
      expect(message).toContain(expected)
      expect(message).toContain('SHA256:')
    })
  })

  it('reaches nothing but what a forced command lets it', async () => {
    const forced = await startSshd(['ForceCommand echo "only varve" >&2; exit 1'])
    const carrier = await openCarrier(
      parseRemoteUrl(`ssh://${forced.user}@127.0.0.1:${forced.port}/x`),
      {
        surroundings: surroundings({ home: forced.home }),
        config: carrierConfig({ 'core.sshCommand': forced.command }),
        openPath: async () => expect.unreachable(),
      },
    )
    await expect(ask(carrier, Buffer.from('x'))).rejects.toThrow('only varve')
    await carrier.close()
  })
})
