/**
 * JSON with the characters escaped that it allows as they are but that a terminal would obey or a
 * reader would not see: C1 controls, line separators, marks that turn the direction of text round.
 */
export function escapeJson(json: string): string {
  return json.replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
