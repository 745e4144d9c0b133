import { describe, expect, it } from 'vitest'
import { formatGrowth } from '../../bench/growth.ts'
import { findGrowth } from '../../bench/suite.ts'

describe('the plot of what grows', () => {
  it('has a panel for each thing that grows and a line for each cost', () => {
    const svg = formatGrowth([
      { what: 'read', of: 'rows', points: [point(1e6, 0.1), point(1e7, 1), point(1e8, 10)] },
      { what: 'a < b & c', of: 'rows', points: [point(1e6, 0.001), point(1e8, 0.001)] },
      { what: 'log', of: 'commits', points: [point(100, 0.002), point(1000, 0.002)] },
    ])

    expect(svg.match(/<polyline /g)).toHaveLength(3)
    expect(svg).toContain('CPU time as rows grow')
    expect(svg).toContain('CPU time as commits grow')
    expect(svg).toContain('a &lt; b &amp; c')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('rises by as many decades as the work does where a cost is linear', () => {
    const svg = formatGrowth([
      { what: 'read', of: 'rows', points: [point(10, 0.01), point(1000, 1)] },
    ])
    const [, line] = /<polyline points="([^"]+)"/.exec(svg)!
    const dotted = /d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)"[^>]*stroke-dasharray/.exec(svg)!

    expect(line!.split(/[ ,]/)).toEqual(dotted.slice(1))
  })

  it('is drawn without any line, and with one point', () => {
    expect(formatGrowth([])).toContain('</svg>')
    expect(formatGrowth([{ what: 'x', of: 'rows', points: [point(1, 1)] }])).not.toContain('NaN')
  })

  it('finds its figures by name and size', () => {
    const rows = [
      { what: 'read, 1,000 rows', cpuSeconds: 1 },
      { what: 'read, 10,000 rows', cpuSeconds: 2 },
    ]

    expect(findGrowth(rows, ['read'], 'rows', [1000, 10_000, 100_000])).toEqual([
      { what: 'read', of: 'rows', points: [point(1000, 1), point(10_000, 2)] },
    ])
  })
})

function point(size: number, seconds: number) {
  return { size, seconds }
}
