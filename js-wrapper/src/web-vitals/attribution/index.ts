// `wasm-rum/web-vitals/attribution`: the functions of web-vitals/attribution.

export { CLSThresholds } from '../cls'
export { FCPThresholds } from '../fcp'
export { INPThresholds } from '../inp'
export { LCPThresholds } from '../lcp'
export { TTFBThresholds } from '../ttfb'

export { onCLS } from './cls'
export { onFCP } from './fcp'
export { onINP } from './inp'
export { onLCP } from './lcp'
export { onTTFB } from './ttfb'
