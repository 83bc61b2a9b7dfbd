// Where batches go.

import { wall } from './clock'
import { options } from './options'

/** The address for a body that is sent now. A key that a collector knows has no character that would have to be encoded. */
export const address = (): string => options.endpoint + `/v1/batches?k=${options.app}&s=${wall()}`
