import { setImmediate as nextTurn } from 'node:timers/promises'
import { hasCode, VarveError } from '../../core/errors.ts'
import type { Look } from './draw/look.ts'
import { keysOfRest, parseKeys } from './keys.ts'
import { begin, reduce } from './log-state.ts'
import type { Answer, Effect, Event, Failure, Request } from './requests.ts'
import type { Drawing, DrawingEvents } from './screen.tsx'
import type { State, Step } from './state.ts'
import type { CommitFilter, ViewData } from './view-data.ts'

/** Where frames go and keys come from. */
export interface Surface {
  readonly columns: number
  readonly rows: number
  paint(lines: readonly string[]): void
  forget(): void
  copy(text: string): void
  suspend(): void
  interrupt(): void
  listen(events: { input(text: string): void; redraw(): void; gone(): void }): void
}

export interface SessionOptions {
  readonly data: ViewData
  readonly surface: Surface
  readonly look: Look
  /** As for `begin`. */
  readonly filter: CommitFilter
  /** Seconds since 1970. */
  readonly now: () => number
  /** Ends the session with its reason. */
  readonly signal: AbortSignal
  /** Loads what draws: meanwhile the data is being read. */
  readonly loadDrawing: () => Promise<OpenDrawing>
}

type OpenDrawing = (state: State, look: Look, events: DrawingEvents) => Drawing

/** Milliseconds after which the beginning of a key's sequence is taken for the key Esc. */
const ESCAPE_WAIT = 40
/** Milliseconds until a frame shows what was read; commits below the screen only change how many there are. */
const DATA_FRAME = 40
const COUNT_FRAME = 250
const CLOCK_PERIOD = 20_000

/** Shows what a repository's history is, until the user leaves. `interrupted` where the terminal goes away. */
export async function browse(options: SessionOptions): Promise<void> {
  const session = new Session(options)
  try {
    await session.run()
  } finally {
    await session.close()
  }
}

class Session {
  readonly #options: SessionOptions
  #state: State
  #drawing: Drawing | undefined
  /** The frame that is to come, and the milliseconds that it was to come in. */
  #frame: NodeJS.Timeout | undefined
  #frameWithin = 0
  /** The beginning of a key that has not come whole. */
  #rest = ''
  #restTimer: NodeJS.Timeout | undefined
  readonly #requests = new Map<number, { stop: AbortController; done: Promise<void> }>()
  readonly #stopped = new AbortController()
  #leave: () => void = () => undefined
  #fail: (error: unknown) => void = () => undefined

  constructor(options: SessionOptions) {
    this.#options = options
    const { surface, data, now, look, filter } = options
    const { columns, rows } = surface
    const step = begin({
      size: { columns, rows },
      marks: look.unicode ? 'braille' : 'ascii',
      now: now(),
      title: data.title,
      filter,
    })
    this.#state = step.state
    this.#perform(step.effects)
  }

  async run(): Promise<void> {
    const { signal, surface, loadDrawing, look, data } = this.#options
    const over = new Promise<void>((resolve, reject) => {
      this.#leave = resolve
      this.#fail = reject
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
    over.catch(() => undefined)
    surface.listen({
      input: (text) => this.#typed(text),
      redraw: () => this.#resized(),
      gone: () => this.#fail(new VarveError('interrupted', 'the terminal is gone')),
    })
    const clock = setInterval(() => {
      this.#take({ kind: 'clock', now: this.#options.now() }, DATA_FRAME)
    }, CLOCK_PERIOD)
    const watching = this.#watch(data)
    try {
      const open = await Promise.race([loadDrawing(), over.then(() => undefined)])
      this.#drawing = open?.(this.#state, look, {
        frame: (lines) => surface.paint(lines),
        fault: (error) => this.#fail(error),
      })
      await over
    } finally {
      clearInterval(clock)
      this.#stopped.abort()
      await watching
    }
  }

  /** Ends what is under way; what changes the repository is waited for. */
  async close(): Promise<void> {
    this.#stopped.abort()
    clearTimeout(this.#restTimer)
    clearTimeout(this.#frame)
    this.#drawing?.close()
    const running = [...this.#requests.values()]
    for (const { stop } of running) stop.abort()
    await Promise.all(running.map(({ done }) => done))
  }

  async #watch(data: ViewData): Promise<void> {
    try {
      const { signal } = this.#stopped
      for await (const _ of data.moved(signal)) this.#take({ kind: 'moved' }, DATA_FRAME)
    } catch (error) {
      if (this.#stopped.signal.aborted || hasCode(error, 'interrupted')) return
      // Nothing is shown of what others do from here on; what one asks for says why.
      if (!(error instanceof VarveError)) this.#fail(error)
    }
  }

  #typed(text: string): void {
    clearTimeout(this.#restTimer)
    const { keys, rest } = parseKeys(this.#rest + text)
    this.#rest = rest
    if (keys.length > 0) this.#take({ kind: 'keys', keys }, 0)
    if (rest === '') return
    this.#restTimer = setTimeout(() => {
      this.#rest = ''
      this.#take({ kind: 'keys', keys: keysOfRest(rest) }, 0)
    }, ESCAPE_WAIT)
  }

  #resized(): void {
    const { columns, rows } = this.#options.surface
    this.#take({ kind: 'resize', columns, rows }, 0)
  }

  /** @param within milliseconds until what it changed is to be seen; 0 where somebody waits for that */
  #take(event: Event, within: number): void {
    const before = this.#state
    const { state, effects }: Step = reduce(before, event)
    this.#state = state
    this.#perform(effects)
    if (state !== before || within === 0) this.#draw(within)
    if (state.isLeft && state.acting === undefined) this.#leave()
  }

  /** A frame at once, or soon: of all that happens until then there is one. */
  #draw(within: number): void {
    if (this.#frame !== undefined) {
      if (this.#frameWithin <= within) return
      clearTimeout(this.#frame)
    }
    const show = () => {
      this.#frame = undefined
      this.#drawing?.show(this.#state)
    }
    this.#frameWithin = within
    if (within === 0) show()
    else this.#frame = setTimeout(show, within)
  }

  #perform(effects: readonly Effect[]): void {
    const { surface } = this.#options
    for (const effect of effects) {
      switch (effect.kind) {
        case 'ask':
          this.#ask(effect.number, effect.request)
          break
        case 'cancel':
          this.#requests.get(effect.number)?.stop.abort()
          break
        case 'copy':
          surface.copy(effect.text)
          break
        case 'suspend':
          surface.suspend()
          break
        case 'interrupt':
          surface.interrupt()
          break
        case 'repaint':
          surface.forget()
          break
      }
    }
  }

  #ask(number: number, request: Request): void {
    const stop = new AbortController()
    const done = this.#answer(number, request, stop.signal)
      .catch((error: unknown) => failureOf(error, stop.signal))
      .then((failure) => {
        this.#requests.delete(number)
        this.#take({ kind: 'ended', number, failure: failure || undefined }, DATA_FRAME)
      })
      .catch((error: unknown) => this.#fail(error))
    this.#requests.set(number, { stop, done })
  }

  async #answer(number: number, request: Request, signal: AbortSignal): Promise<void> {
    // What a request gives at once is not taken before the state that asked for it is there.
    await nextTurn()
    signal.throwIfAborted()
    const { data } = this.#options
    const tell = (answer: Answer, within = DATA_FRAME) =>
      this.#take({ kind: 'answer', number, answer }, within)
    switch (request.kind) {
      case 'commits':
        for await (const batch of data.commits(request.filter, signal)) {
          const { commits, size } = this.#state
          tell({ kind: 'commits', batch }, commits.length < size.rows ? 0 : COUNT_FRAME)
          await nextTurn()
        }
        return
      case 'weights':
        for await (const weights of data.weights(request.ids, signal)) {
          tell({ kind: 'weights', weights })
        }
        return
      case 'touching':
        for await (const ids of data.touching(request.text, request.commits, signal)) {
          tell({ kind: 'touching', ids })
        }
        return
      case 'detail':
        return tell({
          kind: 'detail',
          value: await data.detail(request.commit, request.against, signal),
        })
      case 'plot':
        return tell({ kind: 'plot', value: await data.plot(request.request, signal) })
      case 'changed':
        return tell({ kind: 'changed', value: await data.changedRows(request.request, signal) })
      case 'rows':
        return tell({ kind: 'rows', value: await data.rows(request.request, signal) })
      case 'life':
        return tell({
          kind: 'life',
          value: await data.life(request.request, signal, (value) => tell({ kind: 'life', value })),
        })
      case 'refs':
        return tell({ kind: 'refs', value: await data.refs(signal) })
      case 'act':
        return tell({ kind: 'act', said: await data.act(request.action) })
    }
  }
}

/** What to tell of an error; an error that is none of varve's is a bug and goes on. */
function failureOf(error: unknown, signal: AbortSignal): Failure | undefined {
  if (signal.aborted || hasCode(error, 'interrupted')) return undefined
  if (error instanceof VarveError) return { message: error.message, hint: error.hint }
  throw error
}
