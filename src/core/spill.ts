/** Bytes set aside while an operation runs: appended once, read back at any place. */
export interface SpillFile {
  write(bytes: Uint8Array): Promise<void>
  /** `length` bytes that were written, from `offset`. */
  range(offset: number, length: number): Promise<Uint8Array>
  /** Forgets the bytes and gives back their room. Safe to call twice. */
  discard(): Promise<void>
}

/** Where bytes go that do not fit the memory bound. Every `Storage` is one. */
export interface Spill {
  create(): Promise<SpillFile>
}
