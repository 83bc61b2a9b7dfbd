// Entry of `rum.js`: `<script async src="https://rum.example.com/rum.js" data-app="KEY"></script>`.

import type { Options } from './options'
import { start } from './start'

const script = document.currentScript
// A script of type "module" has none, and an element of that name in the page would answer in its place: code and
// records would come from and go to wherever it says.
if (script instanceof HTMLScriptElement) {
  const { src } = script
  const endpoint = src.slice(0, src.lastIndexOf('/'))
  start({ endpoint, ...script.dataset } as unknown as Options, () => import(`${endpoint}/${__GLUE__}`))
}
