import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bindings } from '../../../src/porcelain/tui/bindings.ts'
import { listLength } from '../../../src/porcelain/tui/layout.ts'
import { begin, reduce } from '../../../src/porcelain/tui/log-state.ts'
import { lifeOf } from '../../../src/porcelain/tui/looked-up.ts'
import type { Effect, Event, Request } from '../../../src/porcelain/tui/requests.ts'
import { placeOf } from '../../../src/porcelain/tui/scroll.ts'
import { type State, type Step, topView } from '../../../src/porcelain/tui/state.ts'
import { MadeView } from '../../support/made-view.ts'

const data = new MadeView({ rows: 300 })

/** What a made repository answers, as the events that arrive. */
async function answersTo(number: number, request: Request): Promise<Event[]> {
  const answer = (value: object): Event =>
    ({ kind: 'answer', number, answer: { kind: request.kind, ...value } }) as Event
  const given = async (): Promise<Event[]> => {
    switch (request.kind) {
      case 'commits':
        return (await all(data.commits())).map((batch) => answer({ batch }))
      case 'weights':
        return [answer({ weights: (await all(data.weights(request.ids))).flat() })]
      case 'touching':
        return [answer({ ids: (await all(data.touching(request.text, request.commits))).flat() })]
      case 'detail':
        return [answer({ value: await data.detail(request.commit, request.against) })]
      case 'plot':
        return [answer({ value: await data.plot(request.request) })]
      case 'changed':
        return [answer({ value: await data.changedRows(request.request) })]
      case 'rows':
        return [answer({ value: await data.rows(request.request) })]
      case 'life':
        return [answer({ value: await data.life() })]
      case 'refs':
        return [answer({ value: await data.refs() })]
      case 'act':
        return [answer({ said: 'done' })]
    }
  }
  return [...(await given()), { kind: 'ended', number }]
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** A viewer that is played: events go in, and requests wait until they are answered. */
class Played {
  state: State
  readonly asked = new Map<number, Request>()
  readonly cancelled = new Set<number>()
  readonly effects: Effect[] = []

  constructor(columns = 80, rows = 24) {
    const size = { columns, rows }
    const step = begin({ size, marks: 'braille', now: 1_790_000_000, title: 'made', filter: {} })
    this.state = step.state
    this.#note(step)
  }

  take(event: Event): this {
    this.#note(reduce(this.state, event))
    return this
  }

  keys(...keys: string[]): this {
    return this.take({ kind: 'keys', keys })
  }

  /** Answers all that waits, and what is asked for then, until nothing is. */
  async answered(): Promise<this> {
    while (this.asked.size > 0) await this.answerOne(0)
    return this
  }

  async answerOne(choice: number): Promise<void> {
    const [number, request] = [...this.asked][choice % this.asked.size]!
    const isCancelled = this.cancelled.has(number)
    const events: Event[] = isCancelled
      ? [{ kind: 'ended', number }]
      : await answersTo(number, request)
    this.asked.delete(number)
    for (const event of events) this.take(event)
  }

  #note({ state, effects }: Step): void {
    this.state = state
    this.effects.push(...effects)
    for (const effect of effects) {
      if (effect.kind === 'ask') this.asked.set(effect.number, effect.request)
      if (effect.kind === 'cancel') this.cancelled.add(effect.number)
    }
  }
}

function invariants({ state, asked }: Played): void {
  expect(state.views.length).toBeGreaterThan(0)
  expect(state.views[0]!.kind).toBe('commits')
  const kinds = [...asked.values()].map(({ kind }) => kind)
  expect(new Set(kinds).size).toBe(kinds.length)
  expect([...state.outstanding.values()].map(({ number }) => number).sort()).toEqual(
    [...asked.keys()].sort(),
  )
  for (const view of state.views) {
    const { cursor, top } = placeOf(view)
    const length = listLength(state, view)
    expect(Number.isInteger(cursor) && cursor >= 0).toBe(true)
    expect(top).toBeGreaterThanOrEqual(0)
    expect(top).toBeLessThanOrEqual(cursor)
    if (length > 0) expect(cursor).toBeLessThan(length)
  }
}

/** What one sees: all but what is under way, and what was found elsewhere, which here depends on where it was begun. */
function seen({ state }: Played) {
  const { views, prompt, count, message, mark, isLeft, acting } = state
  const { touching: _, ...search } = state.search
  return { views, prompt, count, message, mark, search, isLeft, acting }
}

const someKey = fc.constantFrom(
  ...new Set(bindings.flatMap(({ keys }) => keys).filter((key) => key !== 'ctrl-c')),
  ...['1', '5', '0', 'a', 'y', 'backspace', 'left', 'right', 'ä', 'ctrl-x'],
)
const someEvent = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.array(someKey, { minLength: 1, maxLength: 4 }).map((keys) => ({ keys })),
  },
  { weight: 4, arbitrary: fc.nat(5).map((answer) => ({ answer })) },
  {
    weight: 1,
    arbitrary: fc.record({
      columns: fc.integer({ min: 1, max: 220 }),
      rows: fc.integer({ min: 1, max: 70 }),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ moved: true }) },
)

describe('the state of the viewer', () => {
  it('keeps what always holds, whatever is pressed and whenever answers come', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(someEvent, { maxLength: 60 }), async (events) => {
        const played = new Played()
        for (const event of events) {
          if ('keys' in event) played.keys(...event.keys)
          else if ('columns' in event) played.take({ kind: 'resize', ...event })
          else if ('moved' in event) played.take({ kind: 'moved' })
          else if (played.asked.size > 0) await played.answerOne(event.answer)
          invariants(played)
        }
        await played.answered()
        invariants(played)
      }),
      { numRuns: 300 },
    )
  })

  it('is the same for keys that arrive together as for keys one by one', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(someKey, { maxLength: 12 }), async (keys) => {
        const together = (await new Played().answered()).keys(...keys)
        const apart = await new Played().answered()
        for (const key of keys) apart.keys(key)
        expect(seen(together)).toEqual(seen(apart))
        expect(seen(await together.answered())).toEqual(seen(await apart.answered()))
      }),
      { numRuns: 200, examples: [[['O', 'y', 'q']]] },
    )
  })

  it('asks for the last place only where a key is held down', async () => {
    const played = await new Played().answered()
    for (let i = 0; i < 30; i++) played.keys('j')
    const asked = played.effects.filter(({ kind }) => kind === 'ask').length
    await played.answered()
    const details = played.effects.flatMap((effect) =>
      effect.kind === 'ask' && effect.request.kind === 'detail' ? [effect.request.commit] : [],
    )
    // The first of all, the one it was on when the key was pressed first, and where it stopped.
    expect(details).toEqual([data.listed[0]!.id, data.listed[1]!.id, data.listed[30]!.id])
    expect(asked).toBeLessThan(8)
  })

  it('stays where keys went while series were still searched', async () => {
    const played = await new Played().answered()
    played.keys('/', 'y', 'enter', 'ctrl-f')
    const { cursor } = placeOf(topView(played.state))
    expect(cursor).toBeGreaterThan(0)
    await played.answered()
    expect(placeOf(topView(played.state)).cursor).toBe(cursor)
  })

  it('takes counts before keys', async () => {
    const played = await new Played().answered()
    const cursor = () => placeOf(topView(played.state)).cursor
    played.keys('1', '2', 'j')
    expect(cursor()).toBe(12)
    played.keys('5', 'k')
    expect(cursor()).toBe(7)
    played.keys('3', 'G')
    expect(cursor()).toBe(2)
    played.keys('9', '9', '9', 'j')
    expect(cursor()).toBe(39)
  })

  it('goes into a commit, a series, its rows, a life, and back', async () => {
    const played = await new Played().answered()
    const kinds = () => played.state.views.map(({ kind }) => kind)
    for (const key of ['enter', 'enter', 'tab', 't']) await played.keys(key).answered()
    expect(kinds()).toEqual(['commits', 'series', 'data', 'life'])
    played.keys('q', 'q', 'q')
    expect(kinds()).toEqual(['commits'])
    expect(played.keys('q').state.isLeft).toBe(true)
  })

  it('shows a life as far as it is known, and still asks for the rest', async () => {
    const played = await new Played().answered()
    for (const key of ['enter', 'enter', 'tab']) await played.keys(key).answered()
    played.keys('t')
    const [number] = played.asked.keys()
    const whole = await data.life()
    const told = (value: object): Event =>
      ({ kind: 'answer', number, answer: { kind: 'life', value } }) as Event
    const ask = () => [...played.state.outstanding.values()].map(({ request }) => request.kind)
    const shown = () => {
      const view = topView(played.state)
      return view.kind === 'life' && lifeOf(played.state, view)?.value
    }

    played.take(told({ ...whole, entries: whole.entries.slice(0, 1), looked: 256 }))
    expect(shown()).toMatchObject({ looked: 256 })
    expect(ask()).toEqual(['life'])
    played.take(told(whole)).take({ kind: 'ended', number } as Event)
    expect(shown()).toEqual(whole)
    expect(ask()).toEqual([])
  })

  it('tells the life of the row that the chart has under the cursor', async () => {
    const played = await new Played().answered()
    await played.keys('enter').answered()
    await played.keys('enter').answered()
    const asked = () => {
      const view = topView(played.state)
      return view.kind === 'life' ? view.request.row : undefined
    }

    // The first bucket that changed, until the cursor is moved.
    await played.keys('t').answered()
    expect(asked()).toMatchObject({ from: 0, to: 0 })
    await played.keys('q', '5', 'right', 't').answered()
    expect(asked()).toMatchObject({ from: 5, to: 5 })
  })

  it('opens the rows where the first changed, and stays where it was moved to', async () => {
    const played = await new Played().answered()
    for (const key of ['enter', 'enter', 'tab', 'tab']) await played.keys(key).answered()
    const cursor = () => placeOf(topView(played.state)).cursor
    expect(cursor()).toBe(150)
    await played.keys('5', 'j', 'tab', 'shift-tab').answered()
    expect(cursor()).toBe(155)
    // What is known by then is not waited for.
    played.keys('q', 'enter', 'tab', 'tab', 'k')
    expect(cursor()).toBe(149)
  })

  it('compares a commit with the one that was marked', async () => {
    const played = await new Played().answered()
    played.keys('5', 'j', 'c', 'g', 'c')
    const view = topView(played.state)
    expect(view.kind === 'series' && [view.commit.id, view.against?.id]).toEqual([
      data.listed[0]!.id,
      data.listed[5]!.id,
    ])
  })

  it('finds what is searched for, and what commits touch later', async () => {
    const played = await new Played().answered()
    played.keys('/', ...'change 17', 'enter')
    expect(placeOf(topView(played.state)).cursor).toBe(17)
    played.keys('g', '/', ...'series-1', 'enter')
    await played.answered()
    expect(placeOf(topView(played.state)).cursor).toBe(20)
    played.keys('n')
    expect(placeOf(topView(played.state)).cursor).toBe(21)
    expect(played.keys('n').state.message?.text).toBe('no more: series-1')
  })

  it('draws as many columns as are chosen, and there is room for', async () => {
    const played = await new Played().answered()
    played.keys('enter')
    await played.answered()
    played.keys('enter')
    await played.answered()
    const chosen = () => {
      const view = topView(played.state)
      return view.kind === 'data' ? [view.chart.column, view.chart.columns] : undefined
    }
    expect(chosen()).toEqual([0, 1])
    played.keys('}', ']')
    expect(chosen()).toEqual([1, 2])
    expect(played.keys('}').state.message?.text).toBe('there are no more columns')
    expect(chosen()).toEqual([1, 2])
    played.take({ kind: 'resize', columns: 80, rows: 12 }).keys('5', '{', '2', '}')
    expect(played.state.message?.text).toBe('there is no room for more columns')
    expect(chosen()).toEqual([1, 1])
  })

  it('asks before it changes anything', async () => {
    for (const [key, answer] of [
      ['O', ''],
      ['R', ''],
      ['T', 'v1'],
    ] as const) {
      const played = await new Played().answered()
      played.keys(key, ...answer, ...(answer === '' ? [] : ['enter']))
      expect(played.state.prompt?.kind).toBe('confirm')
      played.keys('n')
      expect(played.state.acting).toBeUndefined()
      played.keys(key, ...answer, ...(answer === '' ? [] : ['enter']), 'y')
      expect(played.state.acting).toBeDefined()
      expect([...played.asked.values()].some(({ kind }) => kind === 'act')).toBe(true)
    }
  })

  it('keeps the place where commits arrive', async () => {
    const played = await new Played().answered()
    played.keys('5', 'j')
    const before = data.listed[5]!.id
    played.take({ kind: 'moved' })
    const [number] = [...played.asked].find(([, { kind }]) => kind === 'commits')!
    played.asked.delete(number)
    const fresh = { ...data.listed[0]!, id: 'f'.repeat(64) as never, parents: [data.listed[0]!.id] }
    played.take({ kind: 'answer', number, answer: { kind: 'commits', batch: [fresh] } })
    expect(played.state.commits.get(0)?.id).toBe(data.listed[0]!.id)
    played.take({ kind: 'answer', number, answer: { kind: 'commits', batch: data.listed } })
    played.take({ kind: 'ended', number })
    const { cursor } = placeOf(topView(played.state))
    expect([cursor, played.state.commits.get(cursor)?.id]).toEqual([6, before])
    expect(played.state.message?.text).toBe('1 new commit')
  })

  it('says what went wrong, and does not ask again and again', async () => {
    const played = await new Played().answered()
    played.keys('r')
    const [number] = [...played.asked.keys()]
    played.asked.delete(number!)
    played.take({ kind: 'ended', number: number!, failure: { message: 'cannot read' } })
    expect(played.asked.size).toBe(0)
    expect([...played.state.answers.refs.values()][0]?.failure?.message).toBe('cannot read')
  })

  it('keeps the filter that the list was chosen by where another can choose nothing', async () => {
    const played = await new Played().answered()
    const before = played.state.commits.length
    played.keys('F', ...'since:xyz', 'enter')
    const [number] = [...played.asked].find(([, { kind }]) => kind === 'commits')!
    played.asked.delete(number)
    played.take({ kind: 'ended', number, failure: { message: 'no time is called xyz' } })

    expect(played.state.message?.text).toContain('no time is called xyz')
    expect(played.state.listing).toMatchObject({ filter: {}, filterText: '' })
    await played.answered()
    expect(played.state.commits.length).toBe(before)
    expect(played.state.listing.failure).toBeUndefined()
  })
})
