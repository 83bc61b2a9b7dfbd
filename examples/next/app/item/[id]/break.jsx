'use client'

import { useState } from 'react'
import { ErrorBoundary } from 'wasm-rum/next'

const Broken = () => {
  throw new RangeError('out of stock')
}

export const Break = () => {
  const [broken, setBroken] = useState(false)
  const [gone, setGone] = useState(false)
  if (gone) throw new TypeError('no such item')
  return (
    <>
      <ErrorBoundary fallback={<p>Out of stock.</p>}>
        {broken ? <Broken /> : <button onClick={() => setBroken(true)}>Break</button>}
      </ErrorBoundary>
      <button onClick={() => setGone(true)}>Without a boundary</button>
    </>
  )
}
