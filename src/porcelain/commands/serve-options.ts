import { isIP } from 'node:net'
import { usageError } from '../../cli/define-command.ts'

export interface ListenAddress {
  readonly address: string
  readonly port: number
}

/** `127.0.0.1:8080`, `[::1]:8080`, `:8080` and `8080`, which are of this machine alone. */
export function parseListenAddress(text: string): ListenAddress {
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (match === null || port > 65535) {
    throw usageError(
      `not an address to listen on: ${JSON.stringify(text)}`,
      'such as 127.0.0.1:8080, [::1]:8080, 8080',
    )
  }
  return { address: match[1] || match[2] || '127.0.0.1', port }
}

/** Whether only this machine can reach an address. */
export function isLoopback(address: string): boolean {
  return (
    address === 'localhost' ||
    address === '::1' ||
    (isIP(address) === 4 && address.startsWith('127.'))
  )
}
