// Where batches go.

import { wall } from './clock'
import type { Options } from './options'

/** The address for a body that is sent now. A key that a collector knows has no character that would have to be encoded. */
export const address = (to: Options): string => to.endpoint + `/v1/batches?k=${to.app}&s=${wall()}`
