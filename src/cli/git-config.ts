/** A key of git's configuration, as git in `cwd` sees it; undefined without git or without it. */
export async function gitConfig(key: string, cwd: string): Promise<string | undefined> {
  const { execa } = await import('execa')
  const result = await execa('git', ['config', '--get', key], {
    cwd,
    reject: false,
    stdin: 'ignore',
  })
  return result.failed || result.stdout === '' ? undefined : result.stdout
}
