import { loadYoga, type Yoga } from 'yoga-layout/load'

export * from 'yoga-layout/load'

/** What Ink lays out with, empty until it is loaded: a file that waits while it is loaded could not be one of the program's. */
const yoga = {} as Yoga
export default yoga

/** Fulfilled once there is something to lay out with. */
export const yogaLoaded: Promise<void> = loadYoga().then((loaded) => {
  Object.assign(yoga, loaded)
})
