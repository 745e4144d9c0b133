#!/usr/bin/env node
import { existsSync } from 'node:fs'

const program = new URL('../dist/main.js', import.meta.url)
if (existsSync(program)) {
  await import(program.href)
} else {
  process.stderr.write('varve: not built yet\nhint: run `npm run build` in the source folder\n')
  process.exit(70)
}
