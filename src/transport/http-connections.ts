import type { Socket } from 'node:net'

interface Known {
  readonly socket: Socket
  active: number
}

/**
 * The connections of a server. Where there are too many, the one that has had nothing to do for longest goes, so that many
 * that wait keep nobody out.
 */
export class Connections {
  /** Those that wait are in the order in which they began to. */
  readonly #known = new Map<string, Known>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  add(socket: Socket): void {
    const key = keyOf(socket)
    this.#known.set(key, { socket, active: 0 })
    socket.once('close', () => this.#known.delete(key))
    if (this.#known.size <= this.#most) return
    for (const known of this.#known.values()) {
      if (known.active > 0) continue
      known.socket.destroy()
      return
    }
  }

  /** A request has come whole as far as its head goes: until `end`, the connection is not one that waits. */
  begin(socket: Socket): void {
    const known = this.#known.get(keyOf(socket))
    if (known !== undefined) known.active += 1
  }

  end(socket: Socket): void {
    const key = keyOf(socket)
    const known = this.#known.get(key)
    if (known === undefined) return
    known.active -= 1
    this.#known.delete(key)
    this.#known.set(key, known)
  }

  /** Ends those that wait; with `all`, those at work too. */
  close(all: boolean): void {
    for (const { socket, active } of this.#known.values()) if (all || active === 0) socket.destroy()
  }
}

/** The same for a connection and for the TLS in it. */
function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localPort}`
}
