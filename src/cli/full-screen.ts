import { StringDecoder } from 'node:string_decoder'
import type { Host } from './host.ts'

/** The whole terminal, for a command that draws on all of it. */
export interface FullScreen {
  readonly columns: number
  readonly rows: number
  /** Whether text may be coloured. */
  readonly colour: boolean
  /** Whether the terminal shows characters that are not in ASCII, braille too. */
  readonly unicode: boolean
  /** Puts lines on the screen; those that are as they were are not sent again. Each is as wide as the screen. */
  paint(lines: readonly string[]): void
  /** What is painted next is sent whole: the screen may show something else by now. */
  forget(): void
  /** Puts text into the clipboard, where the terminal allows it. */
  copy(text: string): void
  /** Gives the terminal back and stops the process, as Ctrl-Z does; when it goes on, {@link ScreenEvents.redraw}. */
  suspend(): void
  /** Ends the command as Ctrl-C does where a terminal sees to it. */
  interrupt(): void
  /** What happens from here on, one listener for all. */
  listen(events: ScreenEvents): void
}

export interface ScreenEvents {
  /** What was typed, as the terminal sent it. */
  input(text: string): void
  /** The screen has another size, or what it showed is gone. */
  redraw(): void
  /** The terminal is not there any more. */
  gone(): void
}

// Lines do not go on in the next: one that the terminal makes wider than it should be is cut.
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J\x1b[H'
const LEAVE = '\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l'
/** Between these a terminal that knows them shows nothing half done. */
const BEGIN_FRAME = '\x1b[?2026h'
const END_FRAME = '\x1b[?2026l'

/**
 * Runs something with the whole terminal: its other screen, no cursor, and each key as it is pressed. However it ends,
 * by an error, a signal or the end of the process, the terminal is left as it was.
 */
export async function withFullScreen<T>(
  host: Host,
  colour: boolean,
  run: (screen: FullScreen) => Promise<T>,
): Promise<T> {
  const terminal = new Terminal(host, colour)
  terminal.enter()
  const restore = () => terminal.leave()
  // Before what reports the error, or its message would go down with the screen.
  process.prependListener('uncaughtException', restore)
  process.once('exit', restore)
  try {
    return await run(terminal)
  } finally {
    restore()
    terminal.close()
    process.off('uncaughtException', restore)
    process.off('exit', restore)
  }
}

class Terminal implements FullScreen {
  readonly colour: boolean
  readonly unicode: boolean
  readonly #host: Host
  readonly #decoder = new StringDecoder('utf8')
  #events: ScreenEvents | undefined
  #isEntered = false
  #isGone = false
  #shown: readonly string[] = []

  readonly #onData = (bytes: Buffer) => this.#events?.input(this.#decoder.write(bytes))
  readonly #onResize = () => {
    this.forget()
    this.#events?.redraw()
  }
  readonly #onGone = () => {
    this.#isGone = true
    this.#events?.gone()
  }
  /** It may be there all the same, as where somebody sent the signal: then it is left as it was. */
  readonly #onHangUp = () => this.#events?.gone()
  readonly #onStop = () => {
    this.leave()
    process.kill(process.pid, 'SIGSTOP')
  }
  readonly #onContinue = () => {
    this.enter()
    this.#onResize()
  }

  constructor(host: Host, colour: boolean) {
    this.#host = host
    this.colour = colour
    this.unicode = showsUnicode(host)
    const { stdin, stdout } = host
    stdin.on('data', this.#onData)
    for (const event of ['end', 'close', 'error']) stdin.on(event, this.#onGone)
    stdout.on('resize', this.#onResize)
    stdout.on('error', this.#onGone)
    process.on('SIGHUP', this.#onHangUp)
    process.on('SIGTSTP', this.#onStop)
    process.on('SIGCONT', this.#onContinue)
  }

  get columns(): number {
    return this.#host.stdout.columns || 80
  }

  get rows(): number {
    return this.#host.stdout.rows || 24
  }

  listen(events: ScreenEvents): void {
    this.#events = events
    if (this.#isGone) events.gone()
  }

  enter(): void {
    if (this.#isEntered || this.#isGone) return
    this.#isEntered = true
    this.#host.stdin.setRawMode(true)
    this.#host.stdin.resume()
    this.#send(ENTER)
    this.forget()
  }

  /** Gives the terminal back as it was; calling it again has no effect. */
  leave(): void {
    if (!this.#isEntered) return
    this.#isEntered = false
    this.#send(LEAVE)
    try {
      this.#host.stdin.setRawMode(false)
    } catch {
      // A terminal that hung up has no mode to go back to.
    }
  }

  close(): void {
    const { stdin, stdout } = this.#host
    stdin.off('data', this.#onData)
    for (const event of ['end', 'close']) stdin.off(event, this.#onGone)
    stdin.pause()
    stdout.off('resize', this.#onResize)
    process.off('SIGHUP', this.#onHangUp)
    process.off('SIGTSTP', this.#onStop)
    process.off('SIGCONT', this.#onContinue)
  }

  paint(lines: readonly string[]): void {
    if (!this.#isEntered) return
    let sent = ''
    const rows = Math.min(this.rows, lines.length)
    for (let i = 0; i < rows; i++) {
      if (lines[i] === this.#shown[i]) continue
      sent += `\x1b[${i + 1};1H\x1b[2K${lines[i]}`
    }
    if (rows < this.#shown.length) sent += `\x1b[${rows + 1};1H\x1b[J`
    this.#shown = lines.slice(0, rows)
    if (sent !== '') this.#send(`${BEGIN_FRAME}${sent}${END_FRAME}`)
  }

  forget(): void {
    this.#shown = []
    if (this.#isEntered) this.#send('\x1b[2J')
  }

  copy(text: string): void {
    if (this.#isEntered) this.#send(`\x1b]52;c;${Buffer.from(text).toString('base64')}\x07`)
  }

  suspend(): void {
    // The whole job, as the terminal itself would do.
    process.kill(0, 'SIGTSTP')
  }

  interrupt(): void {
    process.kill(process.pid, 'SIGINT')
  }

  #send(text: string): void {
    if (!this.#isGone) this.#host.stdout.write(text)
  }
}

/** By the usual variables, the first that says anything; the console of Linux has no braille. */
function showsUnicode({ env }: Host): boolean {
  if (env.TERM === 'linux') return false
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || ''
  return /utf-?8/i.test(locale)
}
