import { expect, it } from 'vitest'
import { commandIn } from '../../src/cli/load-program.ts'

it.each([
  ['tui', 'tui'],
  ['-R repo --json log v1..', 'log'],
  ['log --interactive --author Ada', 'tui'],
  ['-C folder log v1.. --interactive -- prices', 'tui'],
  ['log -- --interactive', 'log'],
  ['diff --interactive', 'diff'],
  ['--version', 'varve'],
])('varve %s runs the program of %s', (line, command) => {
  expect(commandIn(line.split(' '))).toBe(command)
})
