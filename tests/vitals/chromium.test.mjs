// Every situation in headless Chromium.

import { Chromium } from './drivers/chromium.mjs'
import { suite } from './suite.mjs'

await suite(Chromium)
