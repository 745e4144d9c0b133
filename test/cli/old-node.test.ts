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
  const source = readFileSync(PROGRAM, 'utf8')
  const codeFor = async (target: string) => (await transform(source, { target })).code
  // esbuild rewrites what an old one cannot read, or refuses to: nothing is to be rewritten.
  expect(await codeFor('es5')).toBe(await codeFor('esnext'))
})
