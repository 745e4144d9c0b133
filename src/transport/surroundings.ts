/**
 * What a carrier may know of the machine that it runs on, and ask of its user: handed in by who opens it, as
 * nothing of it is read here.
 */
export interface Surroundings {
  /** The environment; programs that are started get it whole. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The user's home folder. */
  readonly home: string
  /** The name of the user's account. */
  readonly user: string
  /** The bytes of a small file, or undefined where there is none. */
  readFile(path: string): Promise<Uint8Array | undefined>
  /** As {@link Surroundings.readFile}; `refused` where others can read the file too. */
  readPrivateFile(path: string): Promise<Uint8Array | undefined>
  /** The names in a folder; none where there is no such folder. */
  listFolder(path: string): Promise<readonly string[]>
  /** The program of this name is found in the PATH. */
  hasProgram(name: string): Promise<boolean>
  /** Asks for a secret, not shown as it is typed; undefined without a terminal, or where nothing is given. */
  askSecret(prompt: string): Promise<string | undefined>
  /** The proxy for a URL, as the environment names it. */
  proxyFor(url: string): string | undefined
  /** One line for the user. */
  note(text: string): void
}

/** Configuration, as carriers ask for it. */
export interface CarrierConfig {
  /** The value of a key such as `core.sshCommand`. */
  get(key: string): string | undefined
  /** Every value of a key in the user's own files and of the command line, not in a repository's. */
  own(key: string): readonly string[]
}
