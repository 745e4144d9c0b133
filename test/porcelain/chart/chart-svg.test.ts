import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chartSvg, SVG_BUCKETS } from '../../../src/porcelain/chart/chart-svg.ts'
import { anyCodePoint } from '../../support/any-code-point.ts'
import { plotOf } from '../../support/plots.ts'

const names = { before: 'HEAD~1', after: 'now' }

/** Reads a document as XML 1.0 has it, and gives its text; throws where it is not well-formed. */
function readXml(document: string): string[] {
  // Char of XML 1.0: nothing else may be anywhere.
  expect(document).toMatch(/^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u)
  const open: string[] = []
  const texts: string[] = []
  const tag = /<(?:\/([a-z]+)|([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?))>|([^<]+)/y
  for (let at = 0; at < document.length; at = tag.lastIndex) {
    tag.lastIndex = at
    const match = tag.exec(document)
    if (match === null) throw new Error(`no XML at ${JSON.stringify(document.slice(at, at + 40))}`)
    const [, closed, opened, attributes, isEmpty, text] = match
    if (closed !== undefined && open.pop() !== closed)
      throw new Error(`</${closed}> without its beginning`)
    if (opened !== undefined && isEmpty === '') open.push(opened)
    for (const part of [attributes, text]) {
      if (/&(?!(?:amp|lt|gt|quot);)/.test(part ?? '')) throw new Error(`a bare & in ${part}`)
    }
    if (text !== undefined && text.trim() !== '') texts.push(text)
  }
  expect(open).toEqual([])
  return texts
}

describe('a chart as a picture', () => {
  it('is well-formed, whatever names and values there are', () => {
    const [most, least] = [Number.MAX_VALUE, Number.MIN_VALUE]
    const extreme = fc.constantFrom(0, -0, least, -least, most, -most)
    const number = fc.oneof(fc.double(), extreme, fc.constantFrom(null, undefined))
    const values = fc.option(fc.array(number, { maxLength: 50 }), { nil: undefined })
    const hostile = fc.oneof(
      fc.string({ unit: anyCodePoint }),
      fc.constantFrom('<script>', ']]>&amp;"\'', '\u0000\u001b\ufffe\ud800', '--><svg'),
    )
    const columns = fc.dictionary(hostile, fc.record({ after: values, before: values }), {
      maxKeys: 3,
    })
    fc.assert(
      fc.property(columns, hostile, (given, path) => {
        const plot = { ...plotOf(given, SVG_BUCKETS, { kind: 'date', type: 'date' }), path }
        const svg = chartSvg(plot, { names: { before: path, after: path } })
        readXml(svg)
        expect(svg).not.toMatch(/NaN|Infinity|undefined/)
        expect(chartSvg(plot, { names: { before: path, after: path } })).toBe(svg)
      }),
    )
  })

  it('says what it shows', () => {
    const after = Array.from({ length: 60 }, (_, i) => i % 7)
    const plot = plotOf({ 'a < b': { after, before: after } }, SVG_BUCKETS, {
      kind: 'date',
      type: 'date',
    })
    const texts = readXml(chartSvg(plot, { names }))
    for (const text of [
      'prices, 1970-01-01 to 1970-03-01',
      'a &lt; b',
      'HEAD~1',
      'now',
      '1970-01-05',
    ]) {
      expect(texts).toContain(text)
    }
  })

  it('breaks its line where rows have no value, and has all extremes', () => {
    const after = Array.from({ length: 60 }, (_, i) => (i === 30 ? null : i === 40 ? 1000 : 1))
    const plot = plotOf({ v: { after } }, 20)
    const svg = chartSvg(plot, { names })
    const line = /<path class="after" d="([^"]+)"/.exec(svg)![1]!
    expect(line.split('M')).toHaveLength(3)
    const heights = [...svg.matchAll(/ (\d+(?:\.\d)?)[LMZ"]/g)].map((match) => Number(match[1]))
    expect(Math.min(...heights.filter((y) => y > 60))).toBe(64)
  })
})
