import { execFile } from 'node:child_process'

/** git's configuration by key, such as `user.name`, as git in `cwd` sees it; empty without git. */
export function readGitConfig(cwd: string): Promise<ReadonlyMap<string, string>> {
  return new Promise((resolve) => {
    execFile('git', ['config', '--list', '--null'], { cwd }, (error, output) => {
      // Of many values the last is the one that counts.
      resolve(new Map(error === null ? entriesOf(output) : []))
    })
  })
}

/** `key LF value`, each ended by a NUL. */
function* entriesOf(output: string): Generator<[string, string]> {
  for (const line of output.split('\0')) {
    const [key = '', ...value] = line.split('\n')
    if (value.length > 0) yield [key, value.join('\n')]
  }
}
