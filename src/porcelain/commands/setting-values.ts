import { usageError } from '../../cli/define-command.ts'
import type { Json } from '../../core/settings.ts'
import { openZone } from '../../core/zone.ts'

/**
 * `key=value` of a setting: JSON where the value is JSON, else text; nothing after `=` removes. A zone
 * is spelled as it is known, `usage` for one that there is not, and for a number that would be kept as
 * another.
 */
export async function parseSetting(
  text: string,
): Promise<{ key: string; value: Json | undefined }> {
  const equals = text.indexOf('=')
  if (equals < 1) throw usageError(`not a setting: ${text}`, 'as in zone=Europe/Brussels')
  const key = text.slice(0, equals)
  const value = text.slice(equals + 1)
  if (key === 'schema') {
    throw usageError('the schema is not set like this', 'varve create NAME/ column:type …')
  }
  if (key === 'index' || key === 'duplicates' || key === 'columns') {
    throw usageError(
      `${key} is not a setting: it is said when a series is made`,
      'varve help schema has what can be changed later',
    )
  }
  if (value === '') return { key, value: undefined }
  if (key === 'zone') return { key, value: (await openZone(value)).name }
  try {
    const parsed = JSON.parse(value) as Json
    checkNumbers(key, value)
    return { key, value: parsed }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { key, value }
  }
}

/** A text, or a number, in what is JSON. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

function checkNumbers(key: string, json: string): void {
  for (const [token] of json.matchAll(TOKENS)) {
    if (token.startsWith('"')) continue
    const kept = Number(token)
    if (Number.isFinite(kept) && plainNumber(token) === plainNumber(String(kept))) continue
    throw usageError(
      `the setting ${key} would not keep ${token}: as a number it is ${kept}`,
      `in double quotes, as text, it is kept digit by digit: "${token}"`,
    )
  }
}

/** Digits without zeros at either end, and the power of ten of the last: equal for equal numbers. */
function plainNumber(text: string): string {
  const [mantissa = '', exponent = '0'] = text.replace(/^-/, '').toLowerCase().split('e')
  const [whole, fraction = ''] = mantissa.split('.')
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  let end = digits.length
  while (end > 0 && digits[end - 1] === '0') end--
  return end === 0
    ? '0'
    : `${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}
