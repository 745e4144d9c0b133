import { describe, expect, it } from 'vitest'
import { createStyle, renderText } from '../../src/cli/style.ts'

const paint = Object.fromEntries(
  ['bold', 'dim', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan'].map((name) => [
    name,
    (text: string) => `<${name}>${text}</${name}>`,
  ]),
) as unknown as NonNullable<Parameters<typeof renderText>[1]['paint']>

describe('style', () => {
  it('nests, around text that is escaped', () => {
    const style = createStyle({ colour: true, columns: 80, terminal: true })
    const text = `${style.red(`a${style.bold('\x1b[1mb')}c`)} ${style.dim('')}d`
    expect(renderText(text, { raw: false, paint })).toBe('<red>a<bold>\\x1b[1mb</bold>c</red> d')
  })

  it('does nothing without colour', () => {
    const style = createStyle({ colour: false, columns: 80, terminal: false })
    expect(renderText(style.red('a\tb\nc'), { raw: false })).toBe('a\tb\nc')
  })

  it('takes no marks from data', () => {
    const style = createStyle({ colour: true, columns: 80, terminal: true })
    const forged = '\ufdd0000000000000red;x\ufdd0000000000000\ufdd1'
    expect(renderText(style.bold(forged), { raw: false, paint })).toBe(`<bold>${forged}</bold>`)
  })
})
