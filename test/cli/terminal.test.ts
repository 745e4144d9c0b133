import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hasTool } from '../support/optional-tool.ts'
import { isolated } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { buildSample } from './sample/build.ts'

let program = ''
beforeAll(async () => {
  program = await buildSample()
})

/** A terminal of 80 × 12 in which a shell runs. */
class Terminal {
  readonly folder = temporaryFolder()

  async start(env: Record<string, string> = {}): Promise<void> {
    const sample = join(this.folder, 'sample')
    await writeFile(sample, `#!/bin/sh\nexec node ${program} "$@"\n`)
    await chmod(sample, 0o755)
    const variables = { ...isolated, PATH: `${this.folder}:${isolated.PATH}`, PS1: '$ ', ...env }
    const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
    const shell = ['env', '-i', 'TERM=xterm-256color', ...settings, 'sh']
    await this.tmux('new-session', '-d', '-x', '80', '-y', '12', '-c', this.folder, ...shell)
    await this.shows(/\$/)
  }

  tmux(...args: string[]) {
    return execa('tmux', ['-S', join(this.folder, 'socket'), '-f', '/dev/null', ...args], {
      reject: false,
    })
  }

  async keys(...keys: string[]): Promise<void> {
    await this.tmux('send-keys', ...keys)
  }

  /** Waits until the screen is as expected, and returns it, with its colours. */
  shows(expected: RegExp): Promise<string> {
    return this.#waitFor(expected)
  }

  /** As {@link shows}, and presses a key again until then: for one that may be lost. */
  showsAfter(key: string, expected: RegExp): Promise<string> {
    return this.#waitFor(expected, () => this.keys(key))
  }

  async #waitFor(expected: RegExp, nudge = async () => {}): Promise<string> {
    let screen = ''
    for (let attempt = 0; attempt < 150; attempt++) {
      if (attempt % 10 === 0) await nudge()
      screen = (await this.tmux('capture-pane', '-p', '-e')).stdout
      if (expected.test(screen)) return screen
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(screen).toMatch(expected)
    return screen
  }
}

describe.skipIf(!hasTool('tmux'))('on a terminal', () => {
  let terminal: Terminal | undefined
  async function open(env?: Record<string, string>): Promise<Terminal> {
    terminal = new Terminal()
    await terminal.start(env)
    return terminal
  }
  afterEach(async () => {
    await terminal?.tmux('kill-server')
  })

  it.skipIf(!hasTool('less'))('long output goes through less, which ends it', async () => {
    const shown = await open()
    await shown.keys('sample count; echo code=$?', 'Enter')
    expect(await shown.shows(/\n11\n.*:/)).toMatch(/\x1b\[31m1\n/)
    await shown.keys('C-c')
    // less forgets the keys it has not read yet when it is interrupted.
    await shown.showsAfter('q', /code=0/)
  })

  it.skipIf(!hasTool('less'))('short output stays on the screen', async () => {
    const shown = await open()
    await shown.keys('sample count --to 3; echo code=$?', 'Enter')
    expect(await shown.shows(/code=0/)).toMatch(/1.*\n.*2.*\n.*3/)
  })

  it('the pager is the one that was chosen', async () => {
    const shown = await open({ PAGER: 'false', VARVE_PAGER: 'sed s/^/paged:/' })
    await shown.keys('sample count --to 2 --no-color', 'Enter')
    await shown.shows(/paged:1\npaged:2/)
    await shown.keys('sample --no-pager count --to 4 --no-color', 'Enter')
    await shown.shows(/(?:\n|\$ )1\n2\n3\n4/)
  })

  it('colours come and go with NO_COLOR and --color', async () => {
    const shown = await open({ NO_COLOR: '1', PAGER: 'cat' })
    await shown.keys('sample hostile', 'Enter')
    expect(await shown.shows(/second/)).not.toContain('\x1b[1m')
    await shown.keys('sample hostile --color', 'Enter')
    await shown.shows(/\x1b\[1ma\\x1b/)
  })

  it('data is escaped too', async () => {
    const shown = await open({ PAGER: 'cat' })
    await shown.keys('sample hostile --raw', 'Enter')
    await shown.shows(/a\\x1b\[31mb\\x07/)
    await shown.keys('clear; sample bytes', 'Enter')
    await shown.shows(/\\x00.\\x1b/)
  })

  it('Ctrl-C stops a command that waits for input', async () => {
    const shown = await open()
    await shown.keys('sample read-stdin; echo code=$?', 'Enter')
    await shown.shows(/waiting/)
    await shown.keys('C-c')
    await shown.shows(/code=130/)
  })
})
