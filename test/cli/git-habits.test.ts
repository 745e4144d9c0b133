import { describe, expect, it } from 'vitest'
import { commandHabits, optionHabits } from '../../src/cli/git-habits.ts'
import { commands } from '../../src/commands.ts'

/** The commands that hints name. */
function named(hints: Iterable<string>): string[] {
  return [...hints].flatMap((hint) =>
    [...hint.matchAll(/`varve ([a-z-]+)/g)].map(([, name]) => name!),
  )
}

describe('what users of git type', () => {
  it('is no command that there is, and leads to one', () => {
    for (const name of commandHabits.keys()) expect(commands.has(name), name).toBe(false)
    for (const name of named(commandHabits.values())) expect(commands.has(name), name).toBe(true)
  })

  it('is no option that there is, and leads to a command', async () => {
    for (const habit of optionHabits.keys()) {
      const [name, option] = habit.split(' ') as [string, string]
      const { options } = await commands.get(name)!.load()
      const spelled = options.declared.flatMap((one) => [one.name, one.alias ?? []].flat())
      expect(spelled, habit).not.toContain(option.replace(/^-+/, ''))
    }
    for (const name of named(optionHabits.values())) expect(commands.has(name), name).toBe(true)
  })
})
