// Capture, privacy and delivery in headless Firefox.

import { Firefox } from '../vitals/drivers/firefox.mjs'
import { suite } from './suite.mjs'

await suite(Firefox)
