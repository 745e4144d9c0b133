import type { State } from './state.ts'

/** The list of commits is to be read again; at the place where it is, or from its top. */
export function outdated(state: State, keepsPlace: boolean): State {
  const { listing } = state
  return {
    ...state,
    listing: {
      ...listing,
      wanted: listing.wanted + 1,
      arriving: undefined,
      keepsPlace,
      isComplete: false,
      failure: undefined,
    },
  }
}
