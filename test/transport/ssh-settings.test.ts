import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseRemoteUrl, type SshUrl } from '../../src/transport/remote-url.ts'
import { readSshSettings } from '../../src/transport/ssh-settings.ts'
import { surroundings } from '../support/surroundings.ts'
import { temporaryFolder } from '../support/temporary.ts'

async function settings(location: string, files: Record<string, string>, environment = {}) {
  const home = temporaryFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(home, '.ssh', name, '..'), { recursive: true })
    writeFileSync(join(home, '.ssh', name), text)
  }
  const found = await readSshSettings(
    parseRemoteUrl(location) as SshUrl,
    surroundings({ home, environment }),
  )
  return { home, found }
}

describe('the settings of the built-in client', () => {
  it('are those of OpenSSH where nothing is said', async () => {
    const { home, found } = await settings('host:x', {}, { SSH_AUTH_SOCK: '/agent' })
    expect(found).toMatchObject({
      host: 'host',
      port: 22,
      user: 'ada',
      agent: '/agent',
      identitiesOnly: false,
    })
    expect(found.identityFiles[0]).toBe(join(home, '.ssh/id_ed25519'))
    expect(found.knownHosts[0]).toBe(join(home, '.ssh/known_hosts'))
  })

  it('come from ~/.ssh/config, its includes, and before all from the URL', async () => {
    const config = [
      'Include conf.d/*',
      'Host data',
      '  HostName %h.example.org',
      '  User bob',
      '  Port 2200',
      '  IdentityFile ~/.ssh/%h-%r',
      '  IdentitiesOnly yes',
      '  HostKeyAlias vault',
      'Host *',
      '  IdentityAgent none',
    ]
    const files = { config: config.join('\n'), 'conf.d/one': 'Host data\n  ConnectTimeout 7' }
    const { home, found } = await settings('ssh://eve@data/x', files, { SSH_AUTH_SOCK: '/agent' })
    expect(found).toMatchObject({
      host: 'data.example.org',
      port: 2200,
      user: 'eve',
      keyAlias: 'vault',
      identityFiles: [join(home, '.ssh/data.example.org-eve')],
      identitiesOnly: true,
      agent: undefined,
      connectTimeout: 7000,
    })
  })

  it.each(['ProxyJump gate', 'ProxyCommand nc gate 22'])('%s is refused', async (line) => {
    await expect(settings('host:x', { config: `Host host\n  ${line}` })).rejects.toMatchObject({
      code: 'refused',
    })
  })

  it('run no program', async () => {
    const folder = temporaryFolder()
    const config = `Match exec "touch ${folder}/run"\n  Port 1\nHost *\n  Port 2`
    const { found } = await settings('host:x', { config })
    expect(found.port).toBe(2)
    const { existsSync } = await import('node:fs')
    expect(existsSync(`${folder}/run`)).toBe(false)
  })
})
