// Every call shape in WebKitGTK.

import { Webkit } from '../vitals/drivers/webkit.mjs'
import { suite } from './suite.mjs'

await suite(Webkit)
