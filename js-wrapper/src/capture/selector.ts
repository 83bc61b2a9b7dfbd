// A short CSS selector of an element, taken while the element is still there.

const LONGEST = 100

/** The selector of a node, if it is an element. Not cached: few are asked for, and each is a few steps up. */
export const selector = (node: Node | EventTarget | null | undefined): string | null => {
  let path = ''
  for (let at = node instanceof Element ? node : null; at && path.length < LONGEST; at = at.parentElement) {
    // Not `at.id`: a form's input named "id" would answer.
    const id = at.getAttribute('id')
    path = (id ? '#' + id : [at.localName, ...at.classList].join('.')) + (path && '>' + path)
    if (id) break
  }
  // The end of the path is what tells one element from another.
  return path.slice(-LONGEST) || null
}
