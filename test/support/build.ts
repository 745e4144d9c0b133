import { execa } from 'execa'

/** Builds the program once before the tests, as they run what users run. */
export async function setup(): Promise<void> {
  await execa('node', ['scripts/build.js'], { cwd: `${import.meta.dirname}/../..` })
}
