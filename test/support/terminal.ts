import { join } from 'node:path'
import { execa } from 'execa'
import { expect } from 'vitest'
import { isolated } from './program.ts'
import { temporaryFolder } from './temporary.ts'

export interface TerminalOptions {
  readonly columns: number
  readonly rows: number
  readonly env?: Readonly<Record<string, string>>
  /** The folder that the shell is in; one of its own unless given. */
  readonly cwd?: string | undefined
}

/** What tmux says of the screen beside its text. */
export interface ScreenState {
  /** Whether it is the alternate screen, which a program leaves as it found it. */
  readonly isAlternate: boolean
  readonly hasCursor: boolean
}

/** A real terminal in which a shell runs: tmux. */
export class Terminal {
  readonly folder = temporaryFolder()
  readonly #options: TerminalOptions

  constructor(options: TerminalOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { columns, rows, env = {}, cwd = this.folder } = this.#options
    const variables = { ...isolated, LC_ALL: 'C.UTF-8', PS1: '$ ', ...env }
    const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    // bash without its own line editor, which would set the terminal up anew.
    const shell = ['bash', '--norc', '--noprofile', '--noediting']
    const command = ['env', '-i', 'TERM=xterm-256color', ...settings, ...shell]
    const size = ['-x', String(columns), '-y', String(rows)]
    const set = ['set-option', '-g', 'default-terminal', 'tmux-256color', ';']
    await this.tmux(...set, 'new-session', '-d', ...size, '-c', cwd, ...command)
    await this.shows(/\$/)
  }

  tmux(...args: string[]) {
    // Without UTF-8 tmux would show other characters as underscores.
    return execa('tmux', ['-u', '-S', join(this.folder, 'socket'), '-f', '/dev/null', ...args], {
      reject: false,
      env: { LC_ALL: 'C.UTF-8' },
    })
  }

  /** Presses keys, by tmux's names of them. */
  async keys(...keys: string[]): Promise<void> {
    await this.tmux('send-keys', ...keys)
  }

  /** Types text as it is. */
  async types(text: string): Promise<void> {
    await this.tmux('send-keys', '-l', text)
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.tmux('resize-window', '-x', String(columns), '-y', String(rows))
  }

  /** What is on the screen, line by line, without spaces at their ends. */
  async screen(): Promise<string> {
    const { stdout } = await this.tmux('capture-pane', '-p')
    return stdout.replaceAll(/ +$/gm, '').replace(/\n+$/, '')
  }

  /** As {@link screen}, with colours and other marks as escape sequences. */
  async paintedScreen(): Promise<string> {
    return (await this.tmux('capture-pane', '-p', '-e', '-N')).stdout
  }

  async state(): Promise<ScreenState> {
    const { stdout } = await this.tmux('display-message', '-p', '#{alternate_on} #{cursor_flag}')
    const [alternate, cursor] = stdout.trim().split(' ')
    return { isAlternate: alternate === '1', hasCursor: cursor === '1' }
  }

  /** Waits until the screen fits, and returns it. */
  shows(expected: RegExp): Promise<string> {
    return this.#until(expected, () => this.screen())
  }

  /** Waits until the screen does not change any more and fits, and returns it. */
  async settles(expected: RegExp): Promise<string> {
    let last = await this.shows(expected)
    for (let same = 0; same < 3; ) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      const now = await this.shows(expected)
      same = now === last ? same + 1 : 0
      last = now
    }
    return last
  }

  /** The id of a process that runs in the shell, by a part of its command line. */
  async processId(part: string): Promise<number> {
    const { stdout } = await this.tmux('display-message', '-p', '#{pane_pid}')
    const { stdout: found } = await execa('pgrep', ['-P', stdout.trim(), '-f', part])
    return Number(found.split('\n')[0])
  }

  async stop(): Promise<void> {
    await this.tmux('kill-server')
  }

  async #until(expected: RegExp, look: () => Promise<string>): Promise<string> {
    let screen = ''
    for (let attempt = 0; attempt < 600; attempt++) {
      screen = await look()
      if (expected.test(screen)) return screen
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(screen).toMatch(expected)
    return screen
  }
}
