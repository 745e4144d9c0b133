/**
 * What a source gives, in lists: all that came in one turn of the event loop. The source goes on while a list is
 * looked at; its own signal is aborted with the given one, and once no more is wanted.
 */
export async function* perTurn<T>(
  signal: AbortSignal,
  read: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<readonly T[]> {
  const stop = new AbortController()
  let waiting: T[] = []
  let isDone = false
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}
  const pump = async () => {
    try {
      for await (const item of read(AbortSignal.any([signal, stop.signal]))) {
        waiting.push(item)
        wake()
      }
    } catch (error) {
      failure = { error }
    }
    isDone = true
    wake()
  }
  const pumping = pump()
  try {
    for (;;) {
      if (waiting.length === 0 && !isDone) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      // More may come in this turn.
      await new Promise((resolve) => setImmediate(resolve))
      if (waiting.length > 0) {
        const items = waiting
        waiting = []
        yield items
      } else if (isDone) {
        if (failure !== undefined) throw failure.error
        return
      }
    }
  } finally {
    stop.abort()
    await pumping
  }
}
