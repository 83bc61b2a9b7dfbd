// A browser that runs situations: its driver, and what it was found to be able to do.

import assert from 'node:assert/strict'

import { ABILITIES, ENTRY_TYPES } from './situations/index.mjs'

export class Engine {
  #driver
  #abilities
  #version

  static async launch(Driver) {
    const engine = new Engine()
    for (const ability of Driver.abilities) assert.ok(ability in ABILITIES, `${Driver.engine} has '${ability}', which nobody needs`)
    engine.#driver = await Driver.launch()
    try {
      const version = await engine.#driver.version()
      engine.#version = version.match(/\d+(?:\.\d+)*/)[0]
      const tab = await engine.#driver.tab()
      const supported = await tab.evaluate('[...PerformanceObserver.supportedEntryTypes]')
      await tab.close()
      engine.#abilities = new Set([...Driver.abilities, ...ENTRY_TYPES.filter((type) => supported.includes(type))])
    } catch (error) {
      await engine.close()
      throw error
    }
    return engine
  }

  /** As docs/vitals.md calls it. */
  get name() {
    return this.#driver.constructor.engine
  }

  /** Numbers and points. */
  get version() {
    return this.#version
  }

  /** What situations may need, see `situations/index.mjs`. */
  get abilities() {
    return this.#abilities
  }

  async tab() {
    return await this.#driver.tab()
  }

  /** Of the browser, in its own protocol. */
  async session() {
    return await this.#driver.session()
  }

  async close() {
    await this.#driver.close()
  }
}

/** What an engine has to have so that a situation can be run in it, and has not. */
export const lacks = ({ name, needs = [] }, { abilities }) => {
  // What no engine has by its name would never be run, and nobody would know.
  for (const need of needs) assert.ok(need in ABILITIES || ENTRY_TYPES.includes(need), `'${name}' needs '${need}', which nobody knows`)
  return needs.filter((ability) => !abilities.has(ability))
}
