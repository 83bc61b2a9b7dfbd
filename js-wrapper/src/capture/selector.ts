// A short CSS selector of a node, taken while the node is still there: the one that the reference library gives.

/** UTF-16 units; the last part may be longer, … */
const LONGEST = 100
/** … up to this. */
const BOUND = 1e3

/**
 * The selector of a node, up to an element with an id; null if there is none. Text and shadow roots have the name of
 * their sort, in capitals. Not cached: few are asked for, and each is a few steps up.
 */
export const selector = (node: Node | null | undefined): string | null => {
  let path = ''
  try {
    // Of a shadow tree there is no more than its root.
    for (let id; !id && node && node.nodeType != 9; node = node.parentNode) {
      const { nodeName, classList } = node as Element
      // Not `id`: a form's input of that name would answer.
      id = classList && (node as Element).getAttribute('id')
      const part = id
        ? '#' + id
        : classList
          ? [nodeName.toLowerCase(), ...[...classList].sort()].join('.')
          : nodeName.slice(1).toUpperCase()
      // As long as that, or longer.
      if ((path + part)[LONGEST - 1]) return path || part.slice(0, BOUND)
      path = part + (path && '>' + path)
    }
  } catch {
    // Inputs of a form answer in the place of its other properties too: then what was read before stands.
  }
  return path || null
}
