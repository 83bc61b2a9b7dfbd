// What a page says to the SDK.

import { lose } from './loss'

/** Calls that wait for the second chunk, which brings what they call. */
export const calls: unknown[] = []

const MOST = 100

/** Takes a call: a function that wants the whole interface. */
export const call = (made: unknown): unknown => (calls.length < MOST ? calls.push(made) : lose())
