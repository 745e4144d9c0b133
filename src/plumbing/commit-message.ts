/** The message of `-m A -m B`: each a paragraph, a blank line between them, as git joins them. */
export function joinParagraphs(paragraphs: readonly string[]): string {
  return paragraphs.map((text) => `${text.replace(/\n+$/, '')}\n`).join('\n')
}
