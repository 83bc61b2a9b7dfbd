// To be pasted into the head, before everything: keeps errors that happen until the script arrives.

window.wasmRum = []
for (const type of ['error', 'unhandledrejection'])
  addEventListener(type, (event) => {
    const kept = window.wasmRum as Event[]
    if (!(kept.length > 49)) kept.push(event)
  })
