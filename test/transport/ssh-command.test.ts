import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRemoteUrl, type SshUrl } from '../../src/transport/remote-url.ts'
import {
  remoteCommand,
  shellWord,
  sshArguments,
  wordsOfCommand,
} from '../../src/transport/ssh-command.ts'
import { anyCodePoint } from '../support/any-code-point.ts'

const url = (text: string) => parseRemoteUrl(text) as SshUrl

describe('the command line of ssh', () => {
  it.each([
    ['host:data', ['host', "varve upload-pack 'data'"]],
    ['ssh://ada@host:2222/a%20b', ['-p', '2222', 'ada@host', "varve upload-pack '/a b'"]],
    ["host:it's", ['host', "varve upload-pack 'it'\\''s'"]],
    ['host:$(touch x);`y`', ['host', "varve upload-pack '$(touch x);`y`'"]],
  ])('%s', (text, expected) => {
    expect(sshArguments(url(text), remoteCommand('upload-pack', url(text).path))).toEqual(expected)
  })

  it('takes another command there as it is given', () => {
    expect(remoteCommand('receive-pack', '/x', '/opt/varve receive-pack')).toBe(
      "/opt/varve receive-pack '/x'",
    )
  })

  it('makes one word of any text, for a real shell', () => {
    const text = fc
      .string({ unit: anyCodePoint })
      .filter((given) => !/\0|\p{Surrogate}/u.test(given))
    fc.assert(
      fc.property(text, (given) => {
        const said = execFileSync('sh', ['-c', `printf %s ${shellWord(given)}`], {
          encoding: 'utf8',
        })
        expect(said).toBe(given)
      }),
      { numRuns: 30 },
    )
  })
})

describe('core.sshCommand', () => {
  it('is words where a shell would read nothing else in it', () => {
    expect(wordsOfCommand('ssh  -i key -v')).toEqual(['ssh', '-i', 'key', '-v'])
  })

  it('is for the shell otherwise, which what is added never reaches as text', () => {
    const [program, ...words] = wordsOfCommand(`printf '<%s>' "a b"`)
    const said = execFileSync(program, [...words, '$(echo x)', 'y z'], { encoding: 'utf8' })
    expect(said).toBe('<a b><$(echo x)><y z>')
  })
})
