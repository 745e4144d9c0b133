export { readNumbers, readTimes } from './cells'
export { firstBelow, strayNaN } from './checks'
export { goDecimals, scale, toDoubles, unscale } from './decimals'
export { distinctTexts, distinctValues, gatherTexts } from './distinct'
export { countBytes, decodeBytes, encodeBytes, fillSlots, fillTable } from './entropy'
export {
  joinLines,
  placeTexts,
  writeDates,
  writeDoubles,
  writeIntegers,
  writeTimes,
} from './lines'
export { join, split, sumPlanes, toPlanes } from './planes'
export { greatest, takeEights, unpackPlaces } from './places'
export { cutRecords } from './records'
export { changes, differences, level, subtract, walk } from './residuals'
export { divide, firstIndivisible, firstOther, stepsOfIntegers, stepsOfNumbers } from './steps'
