import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { isolated, PROGRAM, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

it('a batch answers each question before the next is asked', async () => {
  const folder = temporaryFolder()
  await varve(['init', folder])
  const { stdout } = await varve(['hash-object', '-w', '--stdin'], { cwd: folder, input: 'one' })
  const id = stdout.trim()
  const child = spawn('node', [PROGRAM, 'cat-object', '--batch-check'], {
    cwd: folder,
    env: isolated,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  for (const [question, answer] of [
    [id, `${id} blob 3`],
    ['nothing', 'nothing missing'],
  ]) {
    child.stdin.write(`${question}\n`)
    expect((await answers.next()).value).toBe(answer)
  }
  child.stdin.end()
  expect(await once(child, 'exit')).toEqual([0, null])
})
