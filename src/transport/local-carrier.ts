import { VarveError } from '../core/errors.ts'
import type { Carrier, ExchangeOptions, Service } from './carrier.ts'
import { serveExchange } from './serve-exchange.ts'
import type { ServedRepository } from './served-repository.ts'

export interface LocalCarrierOptions {
  /** For messages; where the storage is unless given. */
  readonly location?: string | undefined
  /** Lets go of the repository. */
  readonly close?: (() => Promise<void>) | undefined
}

/**
 * A carrier to a repository that this process has open: a folder beside this one, or anything else that is a storage. It is
 * served by the same code as over a connection.
 */
export function openLocalCarrier(
  place: ServedRepository,
  options: LocalCarrierOptions = {},
): Carrier {
  const location = options.location ?? place.repo.storage.location
  return {
    location,
    async *exchange(
      service: Service,
      request: AsyncIterable<Uint8Array>,
      { signal }: ExchangeOptions = {},
    ) {
      for await (const piece of serveExchange(place, service, request, { signal })) {
        if (signal?.aborted) throw new VarveError('interrupted', 'interrupted')
        yield piece
      }
    },
    close: options.close ?? (async () => undefined),
  }
}
