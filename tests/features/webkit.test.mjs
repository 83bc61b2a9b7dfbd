// Capture, privacy and delivery in WebKitGTK.

import { Webkit } from '../vitals/drivers/webkit.mjs'
import { suite } from './suite.mjs'

await suite(Webkit)
