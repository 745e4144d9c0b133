import { Box, type DOMElement } from 'ink'
import { createContext, memo, useContext, useLayoutEffect, useRef } from 'react'

/**
 * The lines that stand in boxes which Ink lays out. Ink itself never sees them: it would take each character apart for
 * every frame, and remember each text for good.
 */
export class Panes {
  readonly #panes = new Map<DOMElement, readonly string[]>()

  put(box: DOMElement, lines: readonly string[]): () => void {
    this.#panes.set(box, lines)
    return () => this.#panes.delete(box)
  }

  /** All lines of the screen, of boxes beside one another put together. */
  lines(): string[] {
    const screen: string[] = []
    const placed = [...this.#panes].map(([box, lines]) => ({ ...placeOf(box), lines }))
    for (const { top, lines } of placed.sort((a, b) => a.left - b.left)) {
      lines.forEach((line, i) => {
        screen[top + i] = (screen[top + i] ?? '') + line
      })
    }
    return Array.from(screen, (line) => line ?? '')
  }
}

function placeOf(box: DOMElement): { top: number; left: number } {
  let [top, left] = [0, 0]
  for (let node: DOMElement | undefined = box; node !== undefined; node = node.parentNode) {
    top += node.yogaNode?.getComputedTop() ?? 0
    left += node.yogaNode?.getComputedLeft() ?? 0
  }
  return { top, left }
}

export const PanesContext = createContext(new Panes())

interface LinesProps {
  readonly lines: readonly string[]
  readonly columns: number
}

/** A box of lines, each as wide as it is. */
export const Lines = memo(({ lines, columns }: LinesProps) => {
  const panes = useContext(PanesContext)
  const box = useRef<DOMElement>(null)
  useLayoutEffect(
    () => (box.current === null ? undefined : panes.put(box.current, lines)),
    [panes, lines],
  )
  return <Box ref={box} width={columns} height={lines.length} flexShrink={0} />
})
