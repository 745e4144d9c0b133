import { execFile } from 'node:child_process'
import { mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isolated, PROGRAM } from './program.ts'

const CONSOLE = /(?<=^```console\n)[\s\S]*?(?=^```$)/gm
/** Stands in a page for lines that are left out or differ from machine to machine. */
const ELISION = '…'
/** No command prints it: it tells where the output of the next one begins. */
const MARK = '\x01'
const SHOWN_FOLDER = '/home/ada'

export interface WalkOptions {
  /** A folder of the walk's own, with what it begins with. */
  readonly folder: string
  readonly env?: Record<string, string>
  /** Programs that can be typed beside varve, by name. */
  readonly tools?: Readonly<Record<string, string>>
  /** Blocks with such a text are not typed and stay as they are. */
  readonly without?: RegExp | undefined
}

/**
 * Types what a page shows and returns the page with the output that came. A page shows commands in
 * blocks marked `console`: a line that begins with `$ ` is typed, as are lines after it that begin
 * with `> `; what follows is what is printed, on standard output and error. A line `…` stands for
 * any lines, and `/home/ada` for the folder. All blocks of a page are one session of a shell.
 */
export async function walk(page: string, options: WalkOptions): Promise<string> {
  const text = readFileSync(page, 'utf8')
  const isTyped = (block: string): boolean => options.without?.test(block) !== true
  const blocks = (text.match(CONSOLE) ?? []).filter(isTyped).map(commandsOf)
  const outputs = await runCommands(
    blocks.flat().map(({ typed }) => typed),
    options,
  )
  let next = 0
  const rendered = blocks.map((commands) =>
    commands.map(({ shown, expected }) => shown + settle(expected, outputs[next++]!)).join(''),
  )
  let block = 0
  return text.replace(CONSOLE, (shown) => (isTyped(shown) ? rendered[block++]! : shown))
}

interface ShownCommand {
  /** Its lines in the page. */
  readonly shown: string
  readonly typed: string
  readonly expected: string
}

function commandsOf(block: string): ShownCommand[] {
  return [...block.matchAll(/^\$ .*\n(?:> .*\n|>\n)*/gm)].map((match, i, all) => {
    const [shown] = match
    const expected = block.slice(match.index + shown.length, all[i + 1]?.index)
    return { shown, typed: shown.replace(/^[$>] ?/gm, ''), expected }
  })
}

async function runCommands(typed: readonly string[], options: WalkOptions): Promise<string[]> {
  const { env = {}, tools: others = {} } = options
  const folder = realpathSync(options.folder)
  const tools = join(folder, '.tools')
  const home = join(folder, '.home')
  for (const made of [tools, home]) mkdirSync(made, { recursive: true })
  for (const [name, path] of Object.entries({ varve: PROGRAM, ...others })) {
    symlinkSync(path, join(tools, name))
  }
  const script = join(tools, 'walk.sh')
  const marked = typed.map((command) => `${command}printf '${MARK}'\n`)
  writeFileSync(script, `exec 2>&1\n${marked.join('')}`)
  const { stdout } = await promisify(execFile)('bash', [script], {
    cwd: folder,
    env: { ...isolated, HOME: home, PATH: `${tools}:${isolated.PATH}`, ...env },
    maxBuffer: 1 << 26,
  })
  return stdout.replaceAll(folder, SHOWN_FOLDER).split(MARK).slice(0, -1)
}

/** What the page should show: its own text where only elided lines differ, else what came. */
function settle(expected: string, actual: string): string {
  if (!expected.split('\n').includes(ELISION)) return actual
  const pattern = expected
    .split('\n')
    .map((line) => (line === ELISION ? '(?:.*\\n)*?' : `${escapePattern(line)}\n`))
    .join('')
    .replace(/\n$/, '')
  return new RegExp(`^${pattern}$`).test(actual) ? expected : actual
}

function escapePattern(line: string): string {
  return line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
