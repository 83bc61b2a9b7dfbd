// Capture, privacy and delivery in headless Chromium.

import { Chromium } from '../vitals/drivers/chromium.mjs'
import { suite } from './suite.mjs'

await suite(Chromium)
