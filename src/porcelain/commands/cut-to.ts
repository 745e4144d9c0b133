/** The beginning of a text, `…` at its end where it is longer than so many characters. */
export function cutTo(text: string, length: number): string {
  const characters = [...text]
  if (characters.length <= length) return text
  return length === 0 ? '' : `${characters.slice(0, length - 1).join('')}…`
}
