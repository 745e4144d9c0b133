import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { afterAll } from 'vitest'

const here = fileURLToPath(new URL('.', import.meta.url))

// Beside the modules, so that native ones are found.
const folder = join(here, '..', '..', 'node_modules', '.cache', `varve-test-${process.pid}`)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Bundles a script of this folder so that plain Node runs it; returns the path to run. */
export async function bundleChild(script: string): Promise<string> {
  mkdirSync(folder, { recursive: true })
  const outfile = join(folder, `${basename(script, '.ts')}.mjs`)
  await build({
    entryPoints: [join(here, script)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    packages: 'external',
    logLevel: 'error',
  })
  return outfile
}

export interface Child {
  readonly process: ChildProcess
  /** Lines of its standard output so far. */
  readonly lines: string[]
  /** Ends with the exit code, or with null when it was killed. */
  readonly ended: Promise<number | null>
}

export function startChild(script: string, args: readonly string[]): Child {
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  return { process: child, lines, ended }
}
