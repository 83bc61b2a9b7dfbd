// Whose text is each byte of a script? `node build.mjs --origins` prints it for `cargo xtask size --by-module`.

import { SourceMap } from 'node:module'

/** What no source has: what esbuild wraps around the modules. */
const WRAPPER = '(bundle)'

/**
 * A minified text as runs `[source, text]`, which joined are the text. Its map says where names and statements come from;
 * what the map leaves out (brackets, commas) belongs to what stands before it.
 */
const mapped = ({ code, map }) => {
  const sources = new SourceMap(map)
  const runs = []
  let row = 0
  let column = 0
  for (let at = 0; at < code.length; at++) {
    append(runs, sources.findEntry(row, column).originalSource ?? WRAPPER, code[at])
    if (code[at] === '\n') {
      row++
      column = 0
    } else {
      column++
    }
  }
  return runs
}

const append = (runs, source, text) => {
  const last = runs.at(-1)
  if (last?.[0] === source) last[1] += text
  else if (text) runs.push([source, text])
}

/** The runs up to the character `end`. */
const head = (runs, end) => {
  const kept = []
  for (const [source, text] of runs) {
    append(kept, source, text.slice(0, end))
    if ((end -= text.length) <= 0) break
  }
  return kept
}

/** How many characters two texts have in common at their start. */
const common = (one, other) => {
  const most = Math.min(one.length, other.length)
  let length = 0
  while (length < most && one[length] === other[length]) length++
  return length
}

const backwards = (text) => text.split('').reverse().join('')

/** The runs of `content`, which is a bundle's code after one change: `added` names what was put in. */
export const originsOf = (content, bundled, added) => {
  const { code } = bundled
  const before = common(code, content)
  const after = Math.min(common(backwards(code), backwards(content)), Math.min(code.length, content.length) - before)
  const whole = mapped(bundled)
  const runs = head(whole, before)
  append(runs, added, content.slice(before, content.length - after))
  const reversed = whole.map(([source, text]) => [source, backwards(text)]).reverse()
  for (const [source, text] of head(reversed, after).reverse()) append(runs, source, backwards(text))
  return runs
}
