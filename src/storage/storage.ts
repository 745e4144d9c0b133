/**
 * The storage seam: all that varve asks of a place where a repository's shared objects live. A
 * file system, memory, an object store and SFTP each implement it, and one contract suite
 * (`test/contract/storage.ts`) runs over every one.
 *
 * Names are relative, `/`-separated, made of `[a-z0-9._-]` parts; there are no folders to create.
 */
export interface Storage {
  /** For messages: where this is. */
  readonly location: string

  /** The whole object, or undefined when there is none. */
  get(name: string): Promise<Uint8Array | undefined>

  /** `length` bytes from `offset`; `io` error when the object is missing or shorter. */
  range(name: string, offset: number, length: number): Promise<Uint8Array>

  /** Size in bytes, or undefined when there is none. */
  size(name: string): Promise<number | undefined>

  /**
   * Publishes an object under a name that nothing has yet: durable, whole, atomic. Returns false,
   * and changes nothing, when the name is taken.
   */
  putIfAbsent(name: string, bytes: Uint8Array): Promise<boolean>

  /** Begins an object that is written in pieces and published whole, or not at all. */
  create(): Promise<StorageWriter>

  /** Names under a prefix (which ends in `/`), with sizes, in no set order. */
  list(prefix: string): Promise<StorageEntry[]>

  /** Removes an object; without effect when it is not there. */
  delete(name: string): Promise<void>

  /**
   * Removes what writers that came to no end have left, where it was last written before a time
   * (milliseconds since 1970); younger things may belong to somebody at work. Returns how many there were.
   */
  sweep(before: number): Promise<number>

  /** Lets go of open files and connections. */
  close(): Promise<void>
}

export interface StorageEntry {
  readonly name: string
  readonly size: number
  /** Last modification, milliseconds since 1970; for grace periods only. */
  readonly modified: number
}

/** An object being written. Nothing of it is visible under any name before `publish`. */
export interface StorageWriter {
  /** The bytes may change once it has ended. */
  write(bytes: Uint8Array): Promise<void>
  /** Bytes already written, for reading one's own writes. */
  range(offset: number, length: number): Promise<Uint8Array>
  /** As {@link Storage.putIfAbsent}, with what was written. */
  publish(name: string): Promise<boolean>
  /** Forgets what was written. Safe after `publish`. */
  discard(): Promise<void>
}
