import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textWidth } from '../../../src/porcelain/tui/safe-text.ts'
import { openDrawing } from '../../../src/porcelain/tui/screen.tsx'
import { browse, type Surface } from '../../../src/porcelain/tui/session.ts'
import type { ViewData } from '../../../src/porcelain/tui/view-data.ts'
import { anyCodePoint } from '../../support/any-code-point.ts'
import { MadeView } from '../../support/made-view.ts'

/** A terminal that remembers what was painted last. */
class FakeScreen implements Surface {
  columns: number
  rows: number
  lines: readonly string[] = []
  frames = 0
  copied: string[] = []
  #events: Parameters<Surface['listen']>[0] | undefined
  #waiting: (() => void)[] = []

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  paint(lines: readonly string[]): void {
    this.lines = lines
    this.frames += 1
    for (const wake of this.#waiting.splice(0)) wake()
  }

  forget(): void {}
  suspend(): void {}
  interrupt(): void {}

  copy(text: string): void {
    this.copied.push(text)
  }

  listen(events: Parameters<Surface['listen']>[0]): void {
    this.#events = events
  }

  type(text: string): void {
    this.#events?.input(text)
  }

  resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    this.#events?.redraw()
  }

  hangUp(): void {
    this.#events?.gone()
  }

  get text(): string {
    return this.lines.map(stripVTControlCharacters).join('\n')
  }

  async shows(expected: RegExp): Promise<string> {
    while (!expected.test(this.text)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    return this.text
  }
}

function start(screen: FakeScreen, data: ViewData, look = { colour: true, unicode: true }) {
  const stop = new AbortController()
  const done = browse({
    ...{ data, surface: screen, look, filter: {}, now: () => 1_790_000_000 },
    signal: stop.signal,
    loadDrawing: async () => openDrawing,
  })
  return { done, stop }
}

const SIZES = [
  [60, 15],
  [80, 24],
  [200, 60],
] as const

/** Moves in which each view is seen once, and what shows that it is there. */
const WALK: readonly (readonly [string, RegExp])[] = [
  ['\r', /append[\s\S]*series-0/],
  ['\r', /\[chart\][\s\S]*[⠁-⣿]/],
  ['\t', /\[changed rows\][\s\S]*key 0/],
  ['\t', /\[rows\][\s\S]*key 500/],
  ['t', /life of key/],
  ['qqqm', /more of it/],
  ['qr', /branch-0/],
  ['q?', /Keys in/],
  ['q', /change/],
]

describe('the viewer on a screen', () => {
  it.each(SIZES)('fits %i × %i in each view', async (columns, rows) => {
    const screen = new FakeScreen(columns, rows)
    const { done } = start(screen, new MadeView())
    await screen.shows(/change 0/)
    for (const [keys, expected] of WALK) {
      screen.type(keys)
      await screen.shows(expected)
      expect(screen.lines.length).toBeLessThanOrEqual(rows)
      expect(screen.text.split('\n').at(-1)).toMatch(/\? help/)
      for (const line of screen.text.split('\n')) {
        expect(textWidth(line)).toBeLessThanOrEqual(columns)
      }
    }
    screen.type('q')
    await done
  })

  it('shows hostile texts as what they are, in lines of the right width', async () => {
    const hostile = '\x1b[2J\x1b]0;x\x07\r\n\u202eabc\u200b\u2066漢字👩‍👩‍👧e\u0301\ud800\x9b31m'
    for (const look of [
      { colour: true, unicode: true },
      { colour: false, unicode: false },
    ]) {
      const screen = new FakeScreen(100, 30)
      const { done } = start(screen, new MadeView({ text: hostile }), look)
      await screen.shows(/Author 0/)
      for (const keys of ['\r', '\r', '\t', '\t', 't', 'qqqm', 'qr', 'q', '/x', '\x15\r']) {
        if (keys === 't') await screen.shows(/key 500/)
        screen.type(keys)
        await screen.shows(/^(?![\s\S]*reading)/)
        const sent = screen.lines.join('\n')
        expect(sent.replace(/\x1b\[\d+(?:;\d+)*m/g, '')).not.toMatch(
          /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])/,
        )
        if (!look.unicode) expect(sent).toMatch(/^[\n\x1b -~]*$/)
        if (!look.colour) expect(sent).not.toMatch(/\x1b\[[34]\d/)
        for (const line of screen.text.split('\n')) expect(textWidth(line)).toBeLessThanOrEqual(100)
      }
      screen.type('qqqqqqq')
      await done
    }
  })

  it('says that it needs more room, and goes on when there is', async () => {
    const screen = new FakeScreen(40, 10)
    const { done } = start(screen, new MadeView())
    await screen.shows(/needs 60 × 15/)
    screen.resize(80, 24)
    await screen.shows(/change 0/)
    screen.resize(30, 5)
    await screen.shows(/needs/)
    screen.type('q')
    await done
  })

  it('copies an id, and does what was confirmed', async () => {
    const screen = new FakeScreen(80, 24)
    const data = new MadeView()
    const { done } = start(screen, data)
    await screen.shows(/change 0/)
    screen.type('y')
    await screen.shows(/copied/)
    expect(screen.copied).toEqual([data.listed[0]!.id])
    screen.type('jTv1\r')
    await screen.shows(/tag \w+ as v1\? +\(y\/N\)/)
    screen.type('y')
    await screen.shows(/did tag/)
    expect(data.acted).toEqual([{ kind: 'tag', commit: data.listed[1]!.id, name: 'v1' }])
    screen.type('q')
    await done
  })

  it('says what is wrong with a filter, which can then be mended', async () => {
    const screen = new FakeScreen(80, 24)
    const { done } = start(screen, new MadeView())
    await screen.shows(/change 0/)
    screen.type('Fx:1\r')
    await screen.shows(/only: x:1 {2,}no filter is called x: series, author/)
    screen.type('\x7f')
    await screen.shows(/only: x: +$/)
    screen.type('\x1b')
    await screen.shows(/Enter series/)
    screen.type('q')
    await done
  })

  it('takes a lone escape for a key, and the rest of a sequence that comes later', async () => {
    const screen = new FakeScreen(80, 24)
    const { done } = start(screen, new MadeView())
    await screen.shows(/change 0/)
    screen.type('?')
    await screen.shows(/Keys in/)
    screen.type('\x1b')
    await screen.shows(/change 0/)
    screen.type('\x1b')
    screen.type('[6')
    screen.type('~')
    await screen.shows(/change 20/)
    screen.type('q')
    await done
  })

  it('ends with an error in drawing, which else nobody would see', async () => {
    const screen = new FakeScreen(80, 24)
    const data = new MadeView()
    data.refs = async () => [undefined as never]
    const { done } = start(screen, data)
    await screen.shows(/change 0/)
    screen.type('r')
    await expect(done).rejects.toThrow(TypeError)
  })

  it('ends with the terminal, and with what stops the command', async () => {
    const gone = new FakeScreen(80, 24)
    const first = start(gone, new MadeView())
    await gone.shows(/change 0/)
    gone.hangUp()
    await expect(first.done).rejects.toMatchObject({ code: 'interrupted' })
    const stopped = new FakeScreen(80, 24)
    const second = start(stopped, new MadeView())
    await stopped.shows(/change 0/)
    second.stop.abort(new Error('stop'))
    await expect(second.done).rejects.toThrow('stop')
  })
})

describe('a line of the screen', () => {
  it('has the width that it should, whatever is in it', async () => {
    const { drawLine } = await import('../../../src/porcelain/tui/draw/line.ts')
    const span = fc.record({
      text: fc.string({ unit: anyCodePoint, maxLength: 30 }),
      width: fc.option(fc.nat(30), { nil: undefined }),
      right: fc.boolean(),
      role: fc.constantFrom('id' as const, 'hit' as const, undefined),
    })
    fc.assert(
      fc.property(
        fc.array(span, { maxLength: 6 }),
        fc.nat(60),
        fc.boolean(),
        fc.boolean(),
        (...given) => {
          const [spans, width, selected, unicode] = given
          const line = drawLine(spans, { width, look: { colour: true, unicode }, selected })
          expect(textWidth(stripVTControlCharacters(line))).toBe(width)
        },
      ),
    )
  })
})
