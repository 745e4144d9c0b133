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

  it('say that the folder is gone', async () => {
    const gone = temporaryFolder()
    const script = `cd ${gone} && rmdir ${gone} && node ${PROGRAM} status`
    const { stderr, exitCode } = await execa('bash', ['-c', script], { reject: false })
    expect(stderr).toContain('varve: the folder you are in is not there any more')
    expect(exitCode).toBe(3)
  })
})
