export { scale, toDoubles, unscale } from './decimals'
export { allEqual, join, split, sumPlanes, toPlanes } from './planes'
export { changes, differences, level, subtract, walk } from './residuals'
export { divide, firstIndivisible, firstOther, stepsOfIntegers, stepsOfNumbers } from './steps'
