// Every situation that Firefox knows, in headless Firefox.

import { Firefox } from './drivers/firefox.mjs'
import { suite } from './suite.mjs'

await suite(Firefox)
