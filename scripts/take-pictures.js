// Takes the pictures of the viewer that the README shows: from the real screen, in tmux, of the oil prices.
//   node scripts/take-pictures.js FOLDER     FOLDER is what `npm run demo` made
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { screenSvg } from './screen-svg.js'

const root = fileURLToPath(new URL('..', import.meta.url))
const size = { columns: 100, rows: 30 }
const repository = process.argv[2]
if (repository === undefined)
  throw new Error('whose pictures? node scripts/take-pictures.js FOLDER')
const program = process.env.VARVE ?? `node ${join(root, 'bin/varve.js')}`

/** Keys from the list of commits on, by the names that tmux has for them, and what is seen then. */
const pictures = [
  [
    'commits',
    'The list of commits, and what the one under the cursor changed',
    '/2022-11-10 Enter',
  ],
  ['series', 'The series that a commit changed', '/2022-11-10 Enter Enter'],
  ['chart', 'A series around the change, before and after', '/2022-11-10 Enter Enter Enter'],
  ['changes', 'The rows that changed', '/2022-11-10 Enter Enter Enter Tab'],
  ['rows', 'The rows as they were at the commit', '/2022-11-10 Enter Enter Enter Tab Tab'],
  ['life', 'Every value that a row ever had', '/2022-11-10 Enter Enter Enter Tab t'],
  ['refs', 'Branches and tags', 'r'],
  ['help', 'Help', '?'],
]

const folder = mkdtempSync(join(tmpdir(), 'varve-pictures-'))
const tmux = (...args) =>
  execFileSync('tmux', ['-u', '-S', join(folder, 'socket'), '-f', '/dev/null', ...args], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
  })

/** Waits until the screen stays as it is. */
async function settled() {
  let last = ''
  for (let same = 0; same < 5; ) {
    await setTimeout(200)
    const now = tmux('capture-pane', '-p', '-e', '-N')
    same = now === last ? same + 1 : 0
    last = now
  }
  return last
}

mkdirSync(join(root, 'docs/pictures'), { recursive: true })
try {
  for (const [name, title, keys] of pictures) {
    const environment = [
      'TERM=xterm-256color',
      'LC_ALL=C.UTF-8',
      'HOME=/nonexistent',
      `PATH=${process.env.PATH}`,
      'FIXED_TIME=2026-08-21T09:00:00Z',
      `NODE_OPTIONS=--require=${join(root, 'test/support/fixed-clock.cjs')}`,
    ]
    const dimensions = ['-x', String(size.columns), '-y', String(size.rows)]
    const set = ['set-option', '-g', 'default-terminal', 'tmux-256color', ';']
    const shell = ['env', '-i', ...environment, 'sh', '-c', `${program} tui; sleep 60`]
    tmux(...set, 'new-session', '-d', ...dimensions, '-c', repository, ...shell)
    while (!tmux('capture-pane', '-p').includes('Publication')) await setTimeout(200)
    await settled()
    for (const word of keys.split(' ')) {
      const isKey = /^(Enter|Tab)$/.test(word)
      tmux('send-keys', ...(isKey ? [] : ['-l']), word)
      await settled()
    }
    const svg = screenSvg(await settled(), { ...size, title })
    writeFileSync(join(root, `docs/pictures/tui-${name}.svg`), svg)
    process.stdout.write(`docs/pictures/tui-${name}.svg\n`)
    tmux('kill-server')
    await setTimeout(200)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
