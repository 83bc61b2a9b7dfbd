// To be pasted into the head, before everything: keeps errors that happen until the script arrives. Resources that cannot be
// loaded tell on their way down only.

window.wasmRum = []
for (const type of ['error', 'unhandledrejection'])
  addEventListener(
    type,
    (event) => {
      const kept = window.wasmRum as Event[]
      // What takes its place has no length, and hears by itself.
      if (kept.length < 50) kept.push(event)
    },
    true,
  )
