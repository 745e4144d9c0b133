import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { fingerprint } from '../support/fingerprint.ts'
import { type RunOptions, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'

const BASE = 't,v,w\n2026-01-01,1,a\n2026-01-02,2,b\n2026-01-03,3,c\n'

let folder: string
let repository: string
beforeAll(async () => {
  folder = temporaryFolder()
  repository = join(folder, 'repository')
  await varve(['init', repository])
  writeFileSync(join(repository, 'base.csv'), BASE)
  await done('add', 'base.csv')
  await done('create', 'typed/', 't:date', 'v:int8', 'w:string')
  await done('commit', '-m', 'base')
  await write('staged', 't,v\n1,2\n', '--create')
})

const run = (args: readonly string[], options: RunOptions = {}) =>
  varve(args, { cwd: repository, env: someone, ...options })

async function done(...args: string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await run(args)
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 })
  return stdout
}

const write = (series: string, input: string | Uint8Array, ...options: string[]) =>
  run(['write', series, ...options], { input })

/** Runs what must fail, and leave everything as it was. */
async function refused(args: readonly string[], options: RunOptions = {}): Promise<string> {
  const before = fingerprint(repository)
  const { stdout, stderr, exitCode } = await run(args, options)
  expect(fingerprint(repository)).toEqual(before)
  expect({ stdout, exitCode, stderr }).toMatchObject({ stdout: '', exitCode: 4 })
  return stderr
}

/** What is wrong, the table, its place, what was expected there and what was found. */
const faults: readonly (readonly [string, string, string, string, string])[] = [
  ['a row too short', 't,v,w\n2026-01-01,1,a\n2026-01-02,2\n', '3:13', '3 cells', '2'],
  ['a row too long', 't,v,w\n2026-01-01,1,a\n2026-01-02,2,x,y\n', '3:16', '3 cells', '4'],
  ['a wrong type', 't,v,w\n2026-01-01,1,a\n2026-01-02,two,b\n', '3:12', 'int8', '"two"'],
  ['a number out of range', 't,v,w\n2026-01-01,300,a\n', '2:12', 'int8', '"300"'],
  ['30 February', 't,v,w\n2026-02-28,1,a\n2026-02-30,2,b\n', '3:1', 'date', '"2026-02-30"'],
  ['invalid UTF-8', 't,v,w\n2026-01-01,1,é\xff\n', '2:15', 'text in UTF-8', 'the byte 0xff'],
  ['a NUL', 't,v,w\n2026-01-01,1,a\0\n', '2:15', 'text in UTF-8', 'a NUL byte'],
  ['a quote left open', 't,v,w\n2026-01-01,1,"a\n2026-01-02,2,b\n', '2:14', 'quote', 'the end'],
  ['text after a quote', 't,v,w\n2026-01-01,1,"a"b\n', '2:17', 'a delimiter', 'text after'],
  ['a key twice', 't,v,w\n2026-01-01,1,a\n2026-01-01,2,b\n', '3:1', 'keys that differ', 'a second'],
  ['no key', 't,v,w\n2026-01-01,1,a\n,2,b\n', '3:1', 'date', 'nothing (the index cannot be null)'],
  ['no index column', 'v,w\n1,a\n', '1:1', 'the index column "t"', '"v", "w"'],
  ['nothing at all', '', '1:1', 'a header', 'an empty input'],
  ['a header alone', 't,v,w\n', '2:1', 'rows', 'a header and no rows'],
  ['two columns of one name', 't,v,v\n2026-01-01,1,2\n', '1:5', 'names that differ', 'second "v"'],
  ['a column without a name', 't,,w\n2026-01-01,1,2\n', '1:3', 'a name', 'nothing'],
  ['an unknown column', 't,v,w,x\n2026-01-01,1,a,2\n', '1:7', '"t", "v", "w"', '"x"'],
]

describe.each(faults)('%s', (_, text, place, expected, found) => {
  // One byte that is not UTF-8 where the text has ÿ.
  const bytes = Buffer.concat(
    text.split('\xff').flatMap((part, i) => [Buffer.from(i ? [0xff] : []), Buffer.from(part)]),
  )
  const says = (message: string, file: string): void => {
    expect(message).toContain(`varve: ${file}:${place}: expected `)
    const [, first, second] = /: expected (.*), found (.*)/.exec(message)!
    expect(first).toContain(expected)
    expect(second).toContain(found)
  }

  it('is refused by add and write, and changes nothing', async () => {
    const file = join(folder, 'bad.csv')
    writeFileSync(file, bytes)
    says(await refused(['add', '../bad.csv', '--as', 'typed/new']), '../bad.csv')
    says(await refused(['write', 'typed/new', '--create'], { input: bytes }), '<stdin>')
    says(await refused(['write', 'typed/new', file, '--create', '--commit']), file)
  })
})

describe('a series that is there', () => {
  it.each([
    ['a wrong type', 't,v,w\n2026-01-02,x,b\n', '<stdin>:2:12: expected float64, found "x"'],
    ['an unknown column', 't,v,x\n2026-01-02,2,b\n', '<stdin>:1:5: expected'],
    ['no index column', 'v,w\n2,b\n', '<stdin>:1:1: expected the index column "t"'],
    ['a date that is none', 't,v\n2026-02-30,2\n', '<stdin>:2:1: expected date'],
    ['a key twice', 't,v\n2026-01-01,1\n2026-01-01,2\n', '<stdin>:3:1: expected keys that differ'],
    ['a header alone', 't,v\n', '<stdin>:2:1: expected rows, found a header and no rows'],
  ])('takes no rows with %s', async (_, input, message) => {
    for (const more of [['--commit'], ['--mode', 'replace']]) {
      expect(await refused(['write', 'base', ...more], { input })).toContain(message)
    }
  })

  it('is not made equal to a file that lacks a column', async () => {
    writeFileSync(join(folder, 'bad.csv'), 't,v\n2026-01-01,1\n')
    const message = await refused(['add', '../bad.csv', '--as', 'base'])
    expect(message).toContain('../bad.csv:1:1: expected the column "w" of base, found "t", "v"')
  })

  it('says the same as JSON', async () => {
    const args = ['write', 'base', '--json']
    const { error } = JSON.parse(await refused(args, { input: 't,v\n2026-01-02,x\n' }))
    expect(error).toMatchObject({
      code: 'bad-input',
      data: { file: '<stdin>', line: 2, column: 12, found: '"x"', expected: 'float64' },
    })
  })
})

describe('a table without a schema', () => {
  it.each([
    ['t,v\n2026-01-31,1\n2026-02-30,2\n', 'bad.csv:3:1: expected date, found "2026-02-30"'],
    ['t,v\n1,2\n1,3\n', 'bad.csv:3:1: expected keys that differ, found a second 1'],
    ['t,v\n1,2\n,3\n', 'bad.csv:3:1: expected a value, found nothing'],
    ['t,v\n', 'bad.csv:2:1: expected rows'],
    ['', 'bad.csv:1:1: expected a header'],
    ['t,v\n1,2,3\n', 'bad.csv:2:5: expected 2 cells, found 3'],
  ])('is refused as well: %j', async (text, message) => {
    const file = join(folder, 'bad.csv')
    writeFileSync(file, text)
    expect(await refused(['add', file])).toContain(message)
    expect(await refused(['write', 'new', file, '--create'])).toContain(message)
  })
})

describe('names', () => {
  const names = [
    ...[
      '..',
      '.',
      'a/../b',
      'a//b',
      '/a',
      'CON',
      'con.txt',
      'a/lpt1',
      'a\u0001b',
      'a\nb',
      'a\u001b[2J',
    ],
    ...['a\u202eb', 'a:b', 'a\\b', 'a ', ' a', 'a.', '.varve', '.VARVE/x', 'x'.repeat(300), ''],
  ]
  it.each(names)('%j is refused for a series', async (name) => {
    const message = await refused(['write', name, '--create'], { input: 't,v\n1,2\n' })
    expect(message).toMatch(/^varve: .*\n(hint: .*\n)?$/)
    const control = (text: string) => /[^\P{C}\n]/u.test(text)
    expect(control(message)).toBe(false)
  })

  it('are looked at by add, too', async () => {
    writeFileSync(join(folder, 'good.csv'), 't,v\n1,2\n')
    for (const name of ['..', 'CON', 'a\nb', 'x'.repeat(300)]) {
      await refused(['add', '../good.csv', '--as', name])
    }
  })

  it.each(['CON', 'a\u0001b', 'a b.', `${'x'.repeat(245)}`])(
    '%j is refused for a file in the work tree',
    async (name) => {
      const other = temporaryFolder()
      await varve(['init', other])
      writeFileSync(join(other, `${name}.csv`), 't,v\n1,2\n')
      const before = fingerprint(other)
      for (const path of [`${name}.csv`, '.']) {
        const { exitCode } = await varve(['add', path], { cwd: other, env: someone })
        expect(exitCode).toBe(4)
      }
      expect(fingerprint(other)).toEqual(before)
    },
  )

  it('of columns may be those of every JavaScript object', async () => {
    const text = '__proto__,constructor,toString\n1,2,x\n2,3,y\n'
    expect((await write('odd', text, '--create')).stdout).toContain('odd: new, 2 rows')
    expect(await done('read', 'odd')).toBe(text)
    expect((await done('read', 'odd', '--json', '--limit', '1')).trim()).toBe(
      '{"__proto__":"1","constructor":2,"toString":"x"}',
    )
    await write('odd', '__proto__,constructor\n2,4\n')
    expect(await done('diff', '--json', 'odd')).toContain('"constructor"')
    expect(await done('commit', '-m', 'odd names')).toContain('new series odd')
  })
})
