import { readListing } from './answers.ts'
import type { Carrier, Service } from './carrier.ts'
import { fetchObjects } from './fetch-objects.ts'
import { badPeer, frameKinds } from './frames.ts'
import { openExchange } from './open-exchange.ts'
import { pushObjects } from './push-objects.ts'
import type { KnownRefs, LocalRepository, RemoteRefs, RemoteSession } from './remote-session.ts'
import { encodeListRequest } from './requests.ts'

/** Begins a conversation with the repository at the other end of a carrier, which ends with it. */
export function openRemoteSession(repo: LocalRepository, carrier: Carrier): RemoteSession {
  return {
    location: carrier.location,
    list: ({ known, service = 'upload-pack', signal } = {}) =>
      listRefs(carrier, service, known, signal),
    fetch: (request) => fetchObjects(repo, carrier, request),
    push: async (request) => {
      const { remote, signal } = request
      const listed = remote ?? (await listRefs(carrier, 'receive-pack', undefined, signal))
      return pushObjects(repo, carrier, listed, request)
    },
    close: () => carrier.close(),
  }
}

/** The refs at the other end of a carrier; `known` where nothing has moved since. */
export async function listRefs(
  carrier: Carrier,
  service: Service,
  known?: KnownRefs,
  signal?: AbortSignal,
): Promise<RemoteRefs> {
  const exchange = openExchange(carrier, service, encodeListRequest(known?.token), { signal })
  try {
    const { kind, bytes } = await exchange.frames.expect()
    if (kind === frameKinds.listing) return await readListing(bytes, exchange.frames)
    const isUnmoved = kind === frameKinds.unmoved && known !== undefined
    if (!isUnmoved || Buffer.from(bytes).toString('hex') !== known.token) {
      throw badPeer(`a frame of kind ${kind} as an answer`)
    }
    await exchange.frames.expectKind(frameKinds.end)
    return { ...known, capabilities: new Set() }
  } finally {
    await exchange.close()
  }
}
