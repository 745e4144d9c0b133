export { type OpenCarrierOptions, openCarrier } from '../transport/open-carrier.ts'
export type { CarrierConfig, Surroundings } from '../transport/surroundings.ts'
