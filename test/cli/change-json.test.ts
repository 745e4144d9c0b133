import { beforeAll, expect, it } from 'vitest'
import { varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

let folder: string
beforeAll(async () => {
  folder = temporaryFolder()
  await varve(['init', folder])
})

it.each([
  [['create', 's', 't:date', 'v:float64'], { name: 's', kind: 'series', changed: true }],
  [['schema', 'add-column', 's', 'w:string'], { series: 's', rows: 0, changed: true }],
  [['schema', 'set', 's', 'note=raw'], { name: 's', settings: { note: 'raw' }, changed: true }],
  [['mv', 's', 'c/s'], { moved: [{ from: 's', to: 'c/s' }], changed: true }],
  [['rm', '-f', 'c/s'], { removed: ['c/s'], changed: true }],
])('%j says what it did at the top of its document', async (args, expected) => {
  const { stdout, stderr } = await varve([...args, '--json'], { cwd: folder })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toMatchObject(expected)
})

it('tells −0 from 0 in what changed', async () => {
  const at = { cwd: folder }
  await varve(['write', 'z', '--create'], { ...at, input: 'k,v\n1,-0\n2,0\n' })
  const { stdout } = await varve(['diff', 'z', '--json'], at)
  expect(stdout).toContain('"key":["1"],"new":{"v":-0}')
  expect(stdout).toContain('"key":["2"],"new":{"v":0}')
})
