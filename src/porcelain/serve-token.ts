export { addToken, listTokens, removeTokens, type Token } from '../plumbing/token-file.ts'
