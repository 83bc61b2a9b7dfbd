// Where batches go.

import { wall } from './clock'
import type { Options } from './options'

/** The address for a body that is sent now. A key that a collector knows has no character that would have to be encoded. */
export const address = ({ endpoint, app }: Options): string => `${endpoint}/v1/batches?k=${app}&s=${wall()}`
