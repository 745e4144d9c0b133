import { usageError } from '../../cli/define-command.ts'
import type { Json } from '../../core/settings.ts'
import { openZone } from '../../core/zone.ts'

/**
 * `key=value` of a setting: JSON where the value is JSON, else text; nothing after `=` removes. A zone
 * is spelled as it is known, `usage` for one that there is not.
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
    return { key, value: JSON.parse(value) as Json }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return { key, value }
  }
}
