export { type DecodedKey, decodeKey } from './key-decode.ts'
export { encodeKeyPrefix, encodeKeys, isIndexType } from './key-encode.ts'
export { branchBit, Keys, MAX_KEY_BYTES } from './keys.ts'
