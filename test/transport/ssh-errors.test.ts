import { describe, expect, it } from 'vitest'
import { parseRemoteUrl, type SshUrl } from '../../src/transport/remote-url.ts'
import { sshError } from '../../src/transport/ssh-errors.ts'

const said = (errors: string, exitCode: number) =>
  sshError(parseRemoteUrl('ssh://host/x') as SshUrl, { errors, exitCode }).message

describe('a connection over ssh that gave no answer', () => {
  it.each([
    ['varve: no such key\nhint: others\n', 4, 'host ended the connection: varve: no such key'],
    ['', 0, 'host ended the connection: the command there gave no answer of varve'],
    ['', 3, 'host ended the connection: exit code 3'],
    ['sh: varve: not found', 127, 'there is no varve on host: sh: varve: not found'],
    ['ssh: no route', 255, 'cannot reach host: ssh: no route'],
  ])('%j, %i', (errors, exitCode, message) => {
    expect(said(errors, exitCode)).toBe(message)
  })
})

it('hints name port and user as ssh takes them', () => {
  const url = parseRemoteUrl('ssh://ada@host:2222/x') as SshUrl
  const hint = (errors: string) => sshError(url, { errors, exitCode: 255 }).hint
  expect(hint('Host key verification failed.')).toContain('`ssh -p 2222 ada@host`')
  expect(hint('Host key verification failed.')).toContain("`ssh-keygen -R '[host]:2222'`")
  expect(hint('ada@host: Permission denied (publickey).')).toContain('`ssh -p 2222 ada@host true`')
})
