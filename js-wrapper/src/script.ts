// Entry of `rum.js`: `<script async src="https://rum.example.com/rum.js" data-app="KEY"></script>`.

import type { Options } from './options'
import { start } from './start'

const { src, dataset } = document.currentScript as HTMLScriptElement
const endpoint = new URL('.', src).href.slice(0, -1)

start({ endpoint, ...dataset } as unknown as Options, () => import(`${endpoint}/${__GLUE__}`))
