// What the user does: clicks and submits, and the first input, which ends LCP.

import { micros } from '../clock'
import { Kind } from '../generated/wire'
import { listen } from '../guard'
import { sink } from '../stream'
import { act } from '../view'
import { selector } from './selector'

const LONGEST_NAME = 60
/** Elements whose text is their name. Of others it may be what the user wrote, or the whole page. */
const NAMED = 'a,button,label,summary,[role=button]'

const enum Type {
  Click,
  Submit,
  Keydown,
}

/** Time and target of the latest click: the element may be gone when the entry of the interaction comes. */
export let lastClick: [t: number, target: string | null] | [] = []

// Not scroll, which scripts do too: https://github.com/GoogleChrome/web-vitals/issues/75
let untouched = true

export const captureInput = (): void =>
  ['click', 'submit', 'keydown'].forEach((type, kind: Type) =>
    listen(type, ({ isTrusted, target, timeStamp }) => {
      if (!isTrusted) return
      act(timeStamp)
      if (untouched && kind != Type.Submit) {
        untouched = false
        sink(Kind.Input, timeStamp)
      }
      if (kind == Type.Keydown || !(target instanceof Element)) return
      const named = target.closest(NAMED)
      const name = (named || target).getAttribute('aria-label') || named?.textContent
      const path = selector(target)
      lastClick = [timeStamp, path]
      sink(
        Kind.Action,
        timeStamp,
        micros(timeStamp),
        kind,
        name?.replace(/\s+/g, ' ').trim().slice(0, LONGEST_NAME) || null,
        path,
      )
    }),
  )
