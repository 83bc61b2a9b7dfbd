// A short selector of a node, the same that web-vitals gives.

const LONGEST = 100

const describe = (node: Element): string => {
  if (node.id) return '#' + node.id
  const name = node.nodeName
  return [node.nodeType === 1 ? name.toLowerCase() : name.toUpperCase().replace(/^#/, ''), ...Array.from(node.classList ?? []).sort()].join('.')
}

const selector = (node: Node | null): string => {
  let path = ''
  try {
    for (; node && node.nodeType !== 9; node = node.parentNode) {
      const part = describe(node as Element)
      if (path.length + part.length >= LONGEST) return path || part
      path = path ? part + '>' + path : part
      if ((node as Element).id) break
    }
  } catch {
    // What there is so far: pages may redefine what is asked here.
  }
  return path
}

/** What the page calls `node`, else its selector. */
export const targetOf = (node: Node, { generateTarget }: { generateTarget?: (node: Node | null) => string | undefined }): string =>
  generateTarget?.(node) ?? selector(node)
