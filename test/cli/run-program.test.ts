import { expect, it } from 'vitest'
import { runProgram } from '../../src/cli/run-program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const run = (program: string) =>
  runProgram({
    ...{ program, args: [], env: {}, signal: new AbortController().signal },
    cwd: temporaryFolder(),
  })

it('a program that is not there, or may not be run, is said to be so', async () => {
  await expect(run('/no/such/program')).rejects.toMatchObject({
    code: 'file-not-found',
    message: 'there is no program /no/such/program',
    hint: undefined,
  })
  await expect(run('no/such/program')).rejects.toMatchObject({
    hint: 'a path begins at the top of the work tree',
  })
  await expect(run('no-such-program')).rejects.toMatchObject({
    hint: expect.stringContaining('PATH'),
  })
  await expect(run('/etc/passwd')).rejects.toMatchObject({ code: 'refused' })
  expect(await run('true')).toBe(0)
})
