// What is sampled: whether this document records a sort of thing, and how much of it.

import type { Rate } from '../options'
import { lose, openedAt } from './hooks'

/** Records of one sort in one view. */
const MOST = 100

/** True for a switch that is on. As an attribute it is text, and may be empty. */
export const isOn = (value: unknown): boolean => /^(true)?$/.test(`${value}`)

/**
 * Draws once whether this document records a sort of which `rate` of all documents do, and lets `capture` begin if so.
 * `weight` is for how many each record stands, in thousandths; null for itself alone.
 */
export const draw = (rate: Rate, capture: (weight: number | null) => void): void => {
  const share = isOn(rate) ? 1 : +rate
  if (Math.random() < share) capture(share < 1 ? Math.round(1e3 / share) : null)
}

/** Says of each record of a sort whether its view has room for it, of which it has `most`; what has none is counted as lost. */
export const bounded = (most = MOST): (() => boolean) => {
  let view: number
  let count = 0
  return () => {
    if (view != (view = openedAt())) count = 0
    if (count++ < most) return true
    lose()
    return false
  }
}
