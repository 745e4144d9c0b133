import type { Carrier } from './carrier.ts'
import { formatRemoteUrl, type RemoteUrl } from './remote-url.ts'
import type { CarrierConfig, Surroundings } from './surroundings.ts'

export interface OpenCarrierOptions {
  readonly surroundings: Surroundings
  readonly config: CarrierConfig
  /** Commands of the other side in place of `varve upload-pack` and `varve receive-pack`, for ssh. */
  readonly uploadPack?: string | undefined
  readonly receivePack?: string | undefined
  /** Opens a repository of this machine, or one that lies in a bucket or an account, which is then served in process. */
  openPath(place: string): Promise<Carrier>
}

/**
 * Opens the way to another repository. Nothing is asked of it yet: whether it is there shows with the first exchange.
 * Code that only one kind needs is loaded for that kind alone.
 */
export async function openCarrier(url: RemoteUrl, options: OpenCarrierOptions): Promise<Carrier> {
  switch (url.kind) {
    case 'path':
      return options.openPath(url.path)
    case 'ssh':
      return (await import('./ssh-carrier.ts')).openSshCarrier(url, options)
    case 'http':
      return (await import('./http-carrier.ts')).openHttpCarrier(url, options)
    case 's3':
    case 'sftp':
      return options.openPath(formatRemoteUrl(url))
  }
}
