import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { hasTool } from '../support/optional-tool.ts'
import { PROGRAM, someone, varve } from '../support/program.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { Terminal } from '../support/terminal.ts'
import { VIEWED_AT, viewedRepository } from '../support/viewed-repository.ts'

const golden = fileURLToPath(new URL('../golden/tui/', import.meta.url))
const clock = fileURLToPath(new URL('../support/fixed-clock.cjs', import.meta.url))
const crash = fileURLToPath(new URL('../support/crash-on-signal.cjs', import.meta.url))

/** Screens are written anew where this is set; look at what changed before it is committed. */
const writesGolden = process.env.VARVE_WRITE_GOLDEN === '1'

const SIZES = [
  [60, 15],
  [80, 24],
  [200, 60],
] as const

let repository = ''
beforeAll(async () => {
  repository = await viewedRepository()
})

let terminal: Terminal | undefined
afterEach(async () => {
  await terminal?.stop()
})

/** A shell of a size, in which `varve` can be typed and its clock is {@link VIEWED_AT}. */
async function shell(columns = 80, rows = 24, env: Record<string, string> = {}): Promise<Terminal> {
  terminal = new Terminal({
    columns,
    rows,
    cwd: repository,
    env: {
      ...someone,
      FIXED_TIME: VIEWED_AT,
      NODE_OPTIONS: `--require=${clock} --require=${crash}`,
      COLORTERM: 'truecolor',
      ...env,
    },
  })
  await terminal.start()
  // A program of its own, so that the shell's jobs are what they are for a user.
  writeFileSync(join(terminal.folder, 'varve'), `#!/bin/sh\nexec node ${PROGRAM} "$@"\n`, {
    mode: 0o755,
  })
  await terminal.types(`PATH=${terminal.folder}:$PATH; clear\n`)
  return terminal
}

const LISTED = /Readings of this morning/

async function viewer(columns?: number, rows?: number, env?: Record<string, string>) {
  const shown = await shell(columns, rows, env)
  await shown.types('varve tui\n')
  await shown.settles(LISTED)
  return shown
}

function expectScreen(name: string, screen: string): void {
  const path = join(golden, `${name}.txt`)
  if (writesGolden) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `${screen}\n`)
  }
  expect(existsSync(path), `${path} is not there`).toBe(true)
  expect(`${screen}\n`).toBe(readFileSync(path, 'utf8'))
}

/** One walk through all views: the key, how one knows that the view is there, and what its picture is called. */
const walk: readonly (readonly [key: string | undefined, shown: RegExp, name?: string])[] = [
  // No row count is on its way any more.
  [undefined, /^(?![\s\S]* ·( |$))[\s\S]*Readings of this morning/m, 'commits'],
  ['j', /prices\/wti/, 'detail'],
  ['Enter', /append/, 'series'],
  ['Enter', /\[chart\][\s\S]*[⠁-⣿]/, 'chart'],
  ['f', /\[chart\][\s\S]*2026-01/, 'chart-all'],
  ['Tab', /\[changed rows\][\s\S]*2026-08-10/, 'changes'],
  ['t', /life of/, 'life'],
  ['q', /\[changed rows\][\s\S]*2026-08-10/],
  ['Tab', /\[rows\][\s\S]*\d\.\d/, 'rows'],
  ['m', /A quotation of 30 July that was none\s/, 'message'],
  ['q', /\[rows\]/],
  ['?', /back/, 'help'],
  ['q', /\[rows\]/],
  ['r', /branch +readings/, 'refs'],
]

describe.skipIf(!hasTool('tmux'))('the screen', () => {
  for (const [columns, rows] of SIZES) {
    it(`is as it was looked at, ${columns} × ${rows}`, { timeout: 600_000 }, async () => {
      const shown = await viewer(columns, rows)
      for (const [key, expected, name] of walk) {
        if (key !== undefined) await shown.keys(key)
        const screen = await shown.settles(expected)
        if (name !== undefined) expectScreen(`${columns}x${rows}/${name}`, screen)
      }
    })
  }

  it('has charts without braille, and no colours, where the terminal has neither', async () => {
    const shown = await viewer(80, 24, { LC_ALL: 'C', NO_COLOR: '1' })
    await shown.keys('j')
    await shown.settles(/prices\/wti/)
    await shown.keys('Enter')
    await shown.settles(/prices\/brent/)
    await shown.keys('Enter')
    expectScreen('80x24/chart-ascii', await shown.settles(/brent/))
    expect(await shown.paintedScreen()).not.toMatch(/\x1b\[[\d;]*3[1-8]/)
  })

  it('follows the size of the terminal', async () => {
    const shown = await viewer(80, 24)
    await shown.resize(120, 30)
    await shown.settles(LISTED)
    await shown.resize(40, 8)
    await shown.settles(/60/)
    await shown.resize(80, 24)
    expectScreen('80x24/commits', await shown.settles(LISTED))
  })
})

describe.skipIf(!hasTool('tmux'))('the terminal is left as it was', () => {
  const usable = async (shown: Terminal, code: RegExp) => {
    await shown.shows(/^\$ ?$/m)
    const answer =
      'echo code=$?; stty -a | grep -oE "[-]?(icanon|echo)\\b" | tr "\\n" ,; echo; echo us""able\n'
    await shown.types(answer)
    const screen = await shown.shows(/^usable$/m)
    expect(screen).toMatch(code)
    expect(screen).toMatch(/^icanon,echo,$/m)
    expect(await shown.state()).toEqual({ isAlternate: false, hasCursor: true })
  }

  it('by q', async () => {
    const shown = await viewer()
    expect(await shown.state()).toMatchObject({ isAlternate: true })
    await shown.keys('q')
    await usable(shown, /code=0/)
  })

  it('by Ctrl-C, in a chart', async () => {
    const shown = await viewer()
    await shown.keys('j', 'Enter')
    await shown.settles(/prices\/brent/)
    await shown.keys('Enter')
    await shown.settles(/[⠁-⣿]/)
    await shown.keys('C-c')
    await usable(shown, /code=(0|130)/)
  })

  for (const [signal, code] of [
    ['SIGTERM', /code=143/],
    ['SIGHUP', /code=130/],
  ] as const) {
    it(`by ${signal}, in the help`, async () => {
      const shown = await viewer()
      await shown.keys('?')
      await shown.settles(/revert/)
      process.kill(await shown.processId('varve.js tui'), signal)
      await usable(shown, code)
    })
  }

  it('by a bug, which is told once the screen is back', async () => {
    const shown = await viewer()
    await shown.keys('j', 'Enter')
    await shown.settles(/prices\/brent/)
    process.kill(await shown.processId('varve.js tui'), 'SIGUSR2')
    expect(await shown.shows(/made to fail[\s\S]*^\$ ?$/m)).not.toContain('prices/brent')
    await usable(shown, /code=70/)
  })

  it('while it is stopped by Ctrl-Z, and fg goes on where it was', async () => {
    const shown = await viewer()
    await shown.keys('j', 'Enter')
    const before = await shown.settles(/prices\/brent/)
    await shown.keys('C-z')
    await shown.shows(/Stopped/)
    expect(await shown.state()).toEqual({ isAlternate: false, hasCursor: true })
    await shown.types('fg\n')
    await shown.settles(/prices\/brent/)
    expect(await shown.state()).toMatchObject({ isAlternate: true })
    expect(await shown.settles(/prices\/brent/)).toBe(before)
    await shown.keys('q')
    await shown.settles(LISTED)
    await shown.keys('q')
    await usable(shown, /code=0/)
  })
})

describe.skipIf(!hasTool('tmux'))('log --interactive', () => {
  it('lists what its options choose, and refuses those that it has nothing for', async () => {
    const shown = await shell(100, 30)
    await shown.types('varve log --interactive --until 2026-08-20 --author Ada\n')
    const screen = await shown.settles(/only author:"Ada" until:"2026-08-20"/)
    expect(screen).not.toMatch(/Readings of this morning/)
    await shown.keys('q')
    await shown.types('varve log --interactive --grep x\n')
    await shown.shows(/--interactive and --grep cannot be given together/)
  })
})

describe.skipIf(!hasTool('tmux'))('a reader who knows tig', () => {
  /** The key sequences that docs/tui.md gives for a task. */
  function keysOf(task: string): string[] {
    const page = readFileSync(new URL('../../docs/tui.md', import.meta.url), 'utf8')
    const found = new RegExp(`<!-- keys: ${task} -->\\s*\`\`\`\\n(.*)\\n\`\`\``).exec(page)
    expect(found, `docs/tui.md has keys for ${task}`).not.toBeNull()
    return found![1]!.split(' ')
  }

  async function walkTask(shown: Terminal, task: string): Promise<string> {
    for (const key of keysOf(task)) {
      if (key.length > 1 && !/^(Enter|Tab|Esc|Space|[←→↑↓])$/.test(key)) await shown.types(key)
      else await shown.keys({ Esc: 'Escape', '→': 'Right', '←': 'Left' }[key] ?? key)
      await shown.settles(/./)
    }
    return shown.screen()
  }

  it('finds what changed yesterday', async () => {
    const shown = await viewer(100, 30)

    const screen = await walkTask(shown, 'what changed yesterday')

    expect(screen).toMatch(/A quotation of 30 July/)
    expect(screen).toMatch(/Brent restated/)
    expect(screen).not.toMatch(/Nobody needs the notes/)
  })

  it('finds when a value was revised', async () => {
    const shown = await viewer(100, 30)

    const screen = await walkTask(shown, 'when a value was revised')

    expect(screen).toMatch(/2026-07-20/)
    expect(screen).toMatch(/81\.5/)
    expect(screen).toMatch(/Brent restated for 20 and 23 July/)
  })

  it('finds what differs between two tags', async () => {
    const shown = await viewer(100, 30)

    const screen = await walkTask(shown, 'what differs between two tags')

    expect(screen).toMatch(/v1/)
    expect(screen).toMatch(/stations\/geneva/)
  })
})

describe.skipIf(!hasTool('tmux'))('while others work', () => {
  it('a commit that arrives appears, and the place is kept', async () => {
    const shown = await viewer()
    await shown.keys('j', 'j')
    const place = /^.*Brent restated.*$/m
    await shown.settles(place)
    const args = ['-R', repository, 'tag', 'arrived', 'v1']
    await execa('node', [PROGRAM, ...args], { env: someone })

    await shown.keys('m')
    await shown.settles(/settlements/)
    await shown.keys('q')
    await shown.keys('G')
    const screen = await shown.shows(/arrived/)

    expect(screen).toMatch(/arrived/)
    await varve(['tag', '-d', 'arrived'], { cwd: repository, env: someone })
  })

  it('a commit that another process makes appears, and the place is kept', async () => {
    const own = join(temporaryFolder(), 'own.varve')
    await varve(['clone', '--bare', '--quiet', repository, own], { env: someone })
    const shown = await shell()
    await shown.types(`varve -R ${own} tui\n`)
    await shown.settles(LISTED)
    await shown.keys('j', 'j')
    await shown.settles(/^6655b51 .*\n.*Brent restated/m)

    const args = ['-R', own, 'write', 'prices/brent', '--commit', '-m', 'A price of today', '-']
    await execa('node', [PROGRAM, ...args], {
      env: { ...someone, VARVE_AUTHOR_DATE: VIEWED_AT, VARVE_COMMITTER_DATE: VIEWED_AT },
      input: 'date,price,volume\n2026-08-21,71,1000\n',
    })

    const screen = await shown.shows(/1 new commit/)
    expect(screen).toMatch(/\[main\] A price of today.*\n.*Readings of this morning/)
    expect(screen).toMatch(/^6655b51 .*\n.*Brent restated/m)
    await shown.keys('k', 'k', 'k')
    await shown.settles(/^\w{7} .*\nA price of today/m)
  })

  it('a key that is held down moves as far as it was pressed, and no further', async () => {
    const shown = await viewer()
    await shown.types('jjjjjjjjjjjjjjjjjjjjjjjjkkk')
    await shown.settles(LISTED)
    await shown.keys('m')
    await shown.settles(/Prices until July|The first readings|Brent of July|Readings of a week/)
  })
})
