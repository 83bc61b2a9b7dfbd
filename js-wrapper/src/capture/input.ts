// What the user does: clicks and submits, and the first input, which ends LCP.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { listen } from '../guard'
import { sink } from '../stream'
import { selector } from './selector'

const LONGEST_NAME = 60
/** Elements whose text is their name. Of others it may be what the user wrote, as of a label around a textarea, or the whole page. */
const NAMED = 'a,button,summary,[role=button]'

const enum Type {
  Click,
  Submit,
  Keydown,
}

// Not scroll, which scripts do too: https://github.com/GoogleChrome/web-vitals/issues/75
let touched: boolean

export const captureInput = (): void =>
  'click,submit,keydown'.split(',').forEach((type, kind: Type) =>
    listen(type, ({ isTrusted, target, timeStamp }) => {
      if (!isTrusted) return
      if (!touched && kind != Type.Submit) {
        touched = true
        sink(Kind.Input, timeStamp)
      }
      if (kind == Type.Keydown || !(target instanceof Element)) return
      const named = target.closest(NAMED)
      const name = target.closest('[data-rum-mask]')
        ? null
        : target.closest('[data-rum-name]')?.getAttribute('data-rum-name') ||
          (named || target).getAttribute('aria-label') ||
          // What is masked may be within.
          (named?.innerHTML.includes('data-rum-mask') ? null : named?.textContent)
      sink(
        Kind.Action,
        timeStamp,
        micros(timeStamp),
        kind,
        name?.replace(/\s+/g, ' ').trim().slice(0, LONGEST_NAME) || null,
        selector(target),
      )
    }),
  )
