import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { splitLine } from '../../src/cli/run-completion.ts'
import { repositoryWithNames } from '../support/names-repository.ts'
import { hasTool } from '../support/optional-tool.ts'
import { isolated, PROGRAM, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let repository = ''
let bin = ''
beforeAll(async () => {
  repository = await repositoryWithNames(['prices/brent', 'prices/wti', 'with space', 'é'])
  bin = temporaryFolder()
  await symlink(PROGRAM, join(bin, 'varve'))
})

async function complete(words: readonly string[], cwd = repository): Promise<string[]> {
  const { stdout, stderr, exitCode } = await varve(['__complete', 'fish', '--', ...words], { cwd })
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!]))
}

describe('completion', () => {
  it.each([
    [['vers'], ['version']],
    [['--col'], ['--color']],
    [['-C', '.', 'vers'], ['version']],
    [['config', 'li'], ['list']],
    [['config', 'get', 'core.p'], ['core.pager']],
    [['config', 'core.p'], ['core.pager']],
    [['config', 'get', '--gl'], ['--global']],
    [['-c', 'color'], ['color.ui']],
    [['config', 'get', '--color', 'x', '--no-p'], ['--no-pager']],
    [['--color=a'], ['--color=auto', '--color=always']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['help', 'vers'], ['version']],
    [['-C', ''], [':files']],
    [['nonsense', ''], []],
    [['version', 'x'], []],
  ])('%j', async (words, expected) => {
    expect(await complete(words)).toEqual(expected)
  })

  it('finds branches, tags and HEAD', async () => {
    const names = await complete(['cat-object', ''])
    expect(names.sort()).toEqual(['HEAD', 'feature/x', 'main', 'v1'])
    expect(await complete(['cat-object', 'fe'])).toEqual(['feature/x'])
  })

  it('finds series, a collection at a time, in the revision before the colon', async () => {
    expect(await complete(['cat-object', 'main:'])).toEqual([
      'main:prices/',
      'main:with space',
      'main:é',
    ])
    expect(await complete(['cat-object', 'v1:prices/b'])).toEqual(['v1:prices/brent'])
    expect(await complete(['cat-object', 'nowhere:'])).toEqual([])
  })

  it('says nothing where there is no repository', async () => {
    const elsewhere = temporaryFolder()
    expect(await complete(['cat-object', ''], elsewhere)).toEqual([])
    expect(await complete(['-C', repository, 'cat-object', 'm'], elsewhere)).toEqual(['main'])
  })
})

describe('the scripts', () => {
  const env = () => ({ ...isolated, PATH: `${bin}:${process.env.PATH}`, HOME: bin })

  it('works in bash', async () => {
    const ask = (line: string) => `
      COMP_LINE=${JSON.stringify(line)}; COMP_POINT=\${#COMP_LINE}; _varve
      printf '[%s]' "\${COMPREPLY[@]}"; echo`
    const lines = [
      'varve vers',
      'varve cat-object main:prices/b',
      'varve cat-object main:w',
      'varve --color=al',
    ]
    const script = `source <(varve completion bash)\n${lines.map(ask).join('\n')}`
    const { stdout, stderr } = await execa('bash', ['--norc', '-c', script], {
      cwd: repository,
      env: env(),
      extendEnv: false,
    })
    expect(stderr).toBe('')
    // What stands before a : or = stays on the line, so only the rest is given.
    expect(stdout.split('\n')).toEqual([
      '[version]',
      '[prices/brent]',
      '[with\\ space]',
      '[always]',
    ])
  })

  it.skipIf(!hasTool('fish'))('works in fish', async () => {
    const ask = (line: string) => `complete -C '${line}'`
    const lines = ['varve vers', 'varve cat-object main:prices/b', 'varve cat-object main:w']
    const script = `varve completion fish | source\n${lines.map(ask).join('\n')}`
    const { stdout } = await execa('fish', ['--no-config', '-c', script], {
      cwd: repository,
      env: env(),
      extendEnv: false,
    })
    expect(stdout.split('\n')).toEqual([
      'version\tShow the version',
      'main:prices/brent',
      'main:with space',
    ])
  })

  it.skipIf(!hasTool('zsh') || !hasTool('tmux'))('works in zsh', async () => {
    const home = temporaryFolder()
    await mkdir(join(home, 'zdot'))
    await writeFile(
      join(home, 'zdot/.zshrc'),
      "PS1='> '\nautoload -Uz compinit; compinit -u -d $ZDOTDIR/dump\nsource <(varve completion zsh)\n",
    )
    const socket = join(home, 'tmux')
    const tmux = (...args: string[]) =>
      execa('tmux', ['-S', socket, '-f', '/dev/null', ...args], {
        cwd: repository,
        env: { ...env(), ZDOTDIR: join(home, 'zdot'), TERM: 'xterm' },
        extendEnv: false,
      })
    const shown = async (text: string) => {
      for (let attempt = 0; attempt < 100; attempt++) {
        const { stdout } = await tmux('capture-pane', '-p')
        if (stdout.includes(text)) return stdout
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
      return (await tmux('capture-pane', '-p')).stdout
    }
    await tmux('new-session', '-d', '-x', '100', '-y', '120', 'zsh')
    try {
      await shown('>')
      await tmux('send-keys', '-l', 'varve cat-object main:prices/b\t')
      expect(await shown('prices/brent')).toContain('> varve cat-object main:prices/brent')
      await tmux('send-keys', 'C-u')
      await tmux('send-keys', '-l', 'varve config \t')
      expect(await shown('unset')).toMatch(/^get +-- Print the value that holds/m)
    } finally {
      await tmux('kill-server')
    }
  })
})

describe('splitLine', () => {
  it.each([
    ['varve', ['varve']],
    ['varve ', ['varve', '']],
    ['varve  a\\ b "c d" \'e"f\' g', ['varve', 'a b', 'c d', 'e"f', 'g']],
    ['varve "open quote', ['varve', 'open quote']],
    ['varve "a\\"b', ['varve', 'a"b']],
  ])('%j', (line, words) => {
    expect(splitLine(line)).toEqual(words)
  })
})
