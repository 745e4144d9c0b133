/** The machine as the frame sees it: the one place where ambient input is read. */
export interface Host {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: NodeJS.ReadStream
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  now(): Date
}

export function hostOfProcess(): Host {
  const { argv, env, stdin, stdout, stderr } = process
  return {
    argv: argv.slice(2),
    env,
    cwd: process.cwd(),
    // Getters, as touching process.stdin opens it.
    get stdin() {
      return stdin
    },
    stdout,
    stderr,
    now: () => new Date(),
  }
}
