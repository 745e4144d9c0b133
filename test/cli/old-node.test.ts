import { readFileSync } from 'node:fs'
import { transform } from 'esbuild'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { PROGRAM } from '../support/program.ts'

it('an old Node is told which one is needed', async () => {
  const pretend = "Object.defineProperty(process, 'versions', { value: { node: '18.20.8' } })"
  const script = `${pretend}; require(${JSON.stringify(PROGRAM)})`
  const { exitCode, stderr } = await execa('node', ['-e', script], { reject: false })
  expect([exitCode, stderr]).toEqual([70, expect.stringContaining('Node 20.19 or newer is needed')])
})

it('what tells it so can be read by any Node', async () => {
  const { code } = await transform(readFileSync(PROGRAM, 'utf8'), { target: 'es5' })
  expect(code).toContain('or newer is needed')
})
