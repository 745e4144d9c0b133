import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import * as library from '../../src/index.ts'
import { compileAgainstPackage, runProgram } from '../support/consumer.ts'
import { temporaryFolder } from '../support/temporary.ts'

const root = resolve(import.meta.dirname, '../..')
const page = join(root, 'docs/library.md')

/** A program, and what it prints. */
const EXAMPLE = /^```ts\n([\s\S]*?)^```\n\n```text\n([\s\S]*?)^```$/gm

it('the page about the library shows programs that compile, and what they print', async () => {
  const text = readFileSync(page, 'utf8')
  const examples = [...text.matchAll(EXAMPLE)]
  expect(examples).toHaveLength(text.match(/^```ts$/gm)!.length)
  const folder = temporaryFolder()
  const programs = new Map(examples.map(([, program], i) => [`example${i + 1}`, program!]))
  await compileAgainstPackage(folder, programs)
  const outputs = await Promise.all([...programs.keys()].map((name) => runProgram(folder, name)))
  let shown = text
  for (const [i, [example, , expected]] of examples.entries()) {
    const printed = outputs[i]!
    const end = example.lastIndexOf('```text\n') + '```text\n'.length
    const rest = example.slice(end + expected!.length)
    shown = shown.replace(example, () => `${example.slice(0, end)}${printed}${rest}`)
  }
  await expect(shown).toMatchFileSnapshot(page)
}, 120_000)

it('the page about the library names all that it exports', async () => {
  const text = readFileSync(page, 'utf8')
  const table = text.slice(text.indexOf('## What there is'))
  const rows = table.split('\n').filter((line) => line.startsWith('| '))
  const named = rows.flatMap((row) => [...row.matchAll(/`(\w+)`/g)].map(([, name]) => name!))
  expect(named.sort()).toEqual(Object.keys(library).sort())
})
