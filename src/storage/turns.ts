/** Lets asynchronous work of one process take turns, in the order in which it was asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work, work)
    // The next turn begins however this one ends; the failure is its caller's.
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
