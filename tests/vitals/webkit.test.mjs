// Every situation that WebKitGTK knows, in its small browser.

import { Webkit } from './drivers/webkit.mjs'
import { suite } from './suite.mjs'

await suite(Webkit)
