import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { PROGRAM, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

describe('errors before any command runs', () => {
  it('are a document too where the command line cannot be read', async () => {
    for (const args of [['lgo'], ['log', '--bogus'], ['switch', 'a', 'b', 'c']]) {
      const { stderr, exitCode } = await varve([...args, '--json'])
      expect(JSON.parse(stderr).error.code).toBe('usage')
      expect(exitCode).toBe(2)
    }
  })

  it.each([
    [
      ['pull', '--rebase'],
      'hint: it merges, cell by cell; `varve cherry-pick` takes single commits',
    ],
    [['cat-file', '-p', 'HEAD'], 'hint: it is `varve cat-object`; `varve help` lists'],
    [['comit'], 'hint: did you mean `varve commit`? `varve help` lists'],
    [['add', '-A'], 'hint: `varve add .`'],
    [['config', 'list', '--bogus'], 'hint: `varve help config list` lists its options'],
  ])('know what a user of git means: %j', async (args, hint) => {
    const { stderr, exitCode } = await varve(args)
    expect(stderr).toContain(hint)
    expect(exitCode).toBe(2)
  })

  it('name a folder of -C that is not there, whatever is above it', async () => {
    const cwd = temporaryFolder()
    await varve(['init'], { cwd })
    const { stderr, exitCode } = await varve(['-C', 'nosuch', 'ls'], { cwd })
    expect(stderr).toContain(`there is no folder ${cwd}/nosuch`)
    expect(exitCode).toBe(3)
    expect(await varve(['__complete', 'zsh', '--', '-C', 'nosuch', 'read', ''], { cwd })).toEqual({
      stdout: '',
      stderr: '',
      exitCode: 0,
    })
  })

  it('say that the folder is gone', async () => {
    const gone = temporaryFolder()
    const script = `cd ${gone} && rmdir ${gone} && node ${PROGRAM} status`
    const { stderr, exitCode } = await execa('bash', ['-c', script], { reject: false })
    expect(stderr).toContain('varve: the folder you are in is not there any more')
    expect(exitCode).toBe(3)
  })
})
