import { describe, expect, it } from 'vitest'
import { sshError } from '../../src/transport/ssh-errors.ts'

const said = (errors: string, exitCode: number) =>
  sshError('host', 'ssh://host/x', { errors, exitCode }).message

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
