import { connect, createServer, type Server, type Socket } from 'node:net'
import { Transform } from 'node:stream'

/** A door to a port of this machine that counts what goes through, and can be shut in the middle. */
export interface CountingProxy {
  readonly port: number
  /** Bytes of both directions since the last call of {@link CountingProxy.shutAfter}. */
  readonly bytes: () => number
  /** Where it leads to from now on. */
  leadTo(port: number): void
  /**
   * Lets so many more bytes through and no others: then `onShut` is called, and once that has come to its end all connections
   * are ended. After that it is open again, and the promise comes true.
   */
  shutAfter(bytes: number, onShut: () => Promise<void>): Promise<void>
  /** Counts from 0, and lets everything through. */
  reset(): void
  close(): void
}

/** Milliseconds in which who lives reads what has arrived, on a machine that does much else. */
const READING = 30_000

/** Ends a connection, and waits until the other side has, too: to cut it off would take from it what it has not read yet. */
async function ended(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    const last = setTimeout(resolve, READING)
    socket.once('close', () => {
      clearTimeout(last)
      resolve()
    })
    setImmediate(() => socket.end())
  })
  socket.destroy()
}

export async function startCountingProxy(): Promise<CountingProxy> {
  const sockets = new Set<Socket>()
  let target = 0
  let bytes = 0
  let limit = Number.POSITIVE_INFINITY
  let shut: (() => Promise<void>) | undefined
  let onOpen: () => void = () => undefined
  let isShut = false

  const end = async (): Promise<void> => {
    isShut = true
    limit = Number.POSITIVE_INFINITY
    await shut?.()
    // What went through arrives, as it does where one end dies and the network does not.
    await Promise.all([...sockets].map(ended))
    isShut = false
    onOpen()
  }
  const counting = () =>
    new Transform({
      transform(piece: Buffer, _, done) {
        if (isShut) return
        const through = piece.subarray(0, limit - bytes)
        bytes += through.length
        this.push(through)
        if (bytes < limit) done()
        else void end()
      },
    })
  const server: Server = createServer((near) => {
    const far = connect(target, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(counting()).pipe(far)
    far.pipe(counting()).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' ? address!.port : 0,
    bytes: () => bytes,
    leadTo(port) {
      target = port
    },
    shutAfter(count, onShut) {
      bytes = 0
      limit = count
      shut = onShut
      return new Promise((resolve) => {
        onOpen = resolve
      })
    },
    reset() {
      bytes = 0
      limit = Number.POSITIVE_INFINITY
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
