import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const pages = [
  'README.md',
  'CHANGELOG.md',
  'examples/oil-prices/README.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

/** Text without what is shown literally. */
const prose = (text: string): string =>
  text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')

/** What a heading is called in a link, as the usual viewers of Markdown make it. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

describe('links in the documentation', () => {
  it.each(pages)('of %s lead somewhere', (page) => {
    const broken = [...prose(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path, anchor] = target.split('#') as [string, string?]
        const file = path === '' ? page : join(dirname(page), path)
        if (!existsSync(join(root, file))) return true
        return anchor !== undefined && !anchorsOf(textOf(file)).includes(anchor)
      })
    expect(broken).toEqual([])
  })

  it('reach every page from the README', () => {
    const seen = new Set<string>()
    const visit = (page: string): void => {
      if (seen.has(page) || !page.endsWith('.md')) return
      seen.add(page)
      for (const [, target] of prose(textOf(page)).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
        if (!/^https?:/.test(target!)) visit(join(dirname(page), target!))
      }
    }
    visit('README.md')
    expect(pages.filter((page) => !seen.has(page))).toEqual([])
  })
})
