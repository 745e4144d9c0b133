import { VarveError } from './errors.ts'

/** Who did something and when, as git writes it: `NAME <EMAIL> SECONDS ±HHMM`. */
export interface Signature {
  readonly name: string
  readonly email: string
  /** Seconds since 1970-01-01T00:00:00Z; negative before. */
  readonly seconds: number
  /** How many minutes the clock of where it was done is ahead of UTC. */
  readonly offsetMinutes: number
}

/** 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z. */
export const MIN_SECONDS = -62_135_596_800
export const MAX_SECONDS = 253_402_300_799

/** Most names are this; looking for classes of Unicode takes a while to prepare. */
const PLAIN = /^[ -;=?-~]*$/
const SIGNATURE = /^([^<>]*) <([^<>]*)> (0|-?[1-9][0-9]{0,11}) ([+-])([0-9]{2})([0-5][0-9])$/
const MAX_OFFSET = 24 * 60

function textFault(what: string, text: string): string | undefined {
  const isFit = PLAIN.test(text) || !/[\p{Cc}<>]|\p{Surrogate}/u.test(text)
  if (!isFit) return `the ${what} has a control character or one of < >`
  if (text !== text.trim()) return `the ${what} begins or ends with a space`
  return undefined
}

/** Why a signature cannot be written, or undefined where it can. */
export function signatureFault({
  name,
  email,
  seconds,
  offsetMinutes,
}: Signature): string | undefined {
  const fault = textFault('name', name) ?? textFault('email', email)
  if (fault !== undefined) return fault
  if (!Number.isSafeInteger(seconds) || seconds < MIN_SECONDS || seconds > MAX_SECONDS) {
    return 'the time is not a whole second of the years 1 to 9999'
  }
  if (!Number.isSafeInteger(offsetMinutes) || Math.abs(offsetMinutes) >= MAX_OFFSET) {
    return 'the offset from UTC is not a number of minutes less than a day'
  }
  return undefined
}

/** `bad-input`, naming who, when the signature cannot be written. */
export function checkSignature(role: string, signature: Signature): void {
  const fault = signatureFault(signature)
  if (fault !== undefined) {
    throw new VarveError('bad-input', `${role}: ${fault}`, { data: { role, ...signature } })
  }
}

/** `+0200` for 120. */
export function formatOffset(offsetMinutes: number): string {
  const minutes = Math.abs(offsetMinutes)
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0')
  return `${offsetMinutes < 0 ? '-' : '+'}${hours}${String(minutes % 60).padStart(2, '0')}`
}

/** `NAME <EMAIL> SECONDS ±HHMM`. */
export function formatSignature({ name, email, seconds, offsetMinutes }: Signature): string {
  return `${name} <${email}> ${seconds} ${formatOffset(offsetMinutes)}`
}

/** Reads what {@link formatSignature} writes of a checked signature; undefined for anything else. */
export function parseSignature(text: string): Signature | undefined {
  const match = SIGNATURE.exec(text)
  if (match === null) return undefined
  const [, name, email, seconds, sign, hours, minutes] = match as unknown as string[]
  const offset = Number(hours) * 60 + Number(minutes)
  if (offset === 0 && sign === '-') return undefined
  const signature: Signature = {
    name: name!,
    email: email!,
    seconds: Number(seconds),
    offsetMinutes: sign === '-' ? -offset : offset,
  }
  return signatureFault(signature) === undefined ? signature : undefined
}
