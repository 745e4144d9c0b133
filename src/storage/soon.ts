// What is in memory is not waited for: to find one small object takes a dozen looks, and a history has thousands.

/** A value, at once where it is known. */
export type Soon<T> = T | Promise<T>

/** What is made of a value, at once where that is known. */
export function soon<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(next) : next(value)
}

/** Thrown where bytes are looked at that are not in memory: they are when `reading` has ended. */
export class NotRead {
  readonly reading: Promise<unknown>

  constructor(reading: Promise<unknown>) {
    this.reading = reading
  }
}

/**
 * What `look` gives: at once where all that it looks at is in memory. Else it is called again whenever what it
 * lacked was read; one that looks at much keeps how far it has come.
 */
export function whenRead<T>(look: () => T): Soon<T> {
  try {
    return look()
  } catch (error) {
    if (!(error instanceof NotRead)) throw error
    return error.reading.then(() => whenRead(look))
  }
}
