import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorMeanings, exitCodeMeanings } from '../../src/cli/exit-codes.ts'
import { referencePages } from '../../src/cli/reference.ts'
import { commands } from '../../src/commands.ts'

const root = resolve(import.meta.dirname, '../..')

describe('the command table', () => {
  it.each([...commands.values()])('has the words of $name itself', async (entry) => {
    const { name, summary } = await entry.load()
    expect({ name, summary }).toEqual({ name: entry.name, summary: entry.summary })
  })

  it('says one line, without a full stop, of each command', () => {
    const summaries = [...commands.values()].map(({ summary }) => summary)
    expect(summaries.filter((summary) => !/^[A-Z][^\n]{5,78}[^.\n]$/.test(summary))).toEqual([])
  })

  it('declares every option and argument with an explanation, in one line', async () => {
    const lacking: string[] = []
    for (const entry of commands.values()) {
      const top = await entry.load()
      for (const command of [top, ...top.subcommands]) {
        for (const { name, describe: about } of command.options.declared) {
          if (about === '' || /\n|\.$/.test(about)) lacking.push(`${command.name} --${name}`)
        }
      }
    }
    expect(lacking).toEqual([])
  })
})

describe('docs/', () => {
  it('is what `npm run docs` makes of the program', async () => {
    const pages = await referencePages(commands)
    for (const [path, content] of pages) {
      expect(readFileSync(join(root, path), 'utf8'), path).toBe(content)
    }
    const there = readdirSync(join(root, 'docs/commands')).map((name) => `docs/commands/${name}`)
    expect(there.filter((path) => !pages.has(path))).toEqual([])
  })
})

describe('exit codes', () => {
  it('have a meaning each', () => {
    for (const { exitCode } of Object.values(errorMeanings)) {
      expect(exitCodeMeanings.has(exitCode)).toBe(true)
    }
  })
})
