export { stepBytes, sumBytes } from './byte-steps'
export { readNumbers, readTimes } from './cells'
export { firstBelow, strayNaN } from './checks'
export { goDecimals, scale, toDoubles, unscale } from './decimals'
export { distinctTexts, distinctValues, gatherTexts } from './distinct'
export {
  countBytes,
  decodeBytes,
  encodeBytes,
  fillSlots,
  fillTable,
  otherBytes,
} from './entropy'
export {
  joinLines,
  placeTexts,
  writeDates,
  writeDoubles,
  writeIntegers,
  writeTimes,
} from './lines'
export { takeLow } from './low-bits'
export { join, split, toPlanes } from './planes'
export { greatest, takeEights, unpackPlaces } from './places'
export { cutRecords } from './records'
export { changes, differences, level, subtract, total, walk } from './residuals'
export { sumPlanes } from './sums'
export { divide, firstIndivisible, firstOther, stepsOfIntegers, stepsOfNumbers } from './steps'
