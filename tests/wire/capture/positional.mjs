// What the capture script needs for a raw body in positional JSON: the browser's own writer.

export const records = (records) => JSON.stringify(records)
