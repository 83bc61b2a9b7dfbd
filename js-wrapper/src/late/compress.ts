// Large bodies are sent compressed, while there is time: the browser does that off the main thread, and a page that is left
// does not wait.

/** UTF-16 units up to which a body goes as it is. */
const SMALL = 2048

/** The gzipped body; none if it is small, or the browser does not know how. */
export const compress = async (body: string): Promise<ArrayBuffer | undefined> =>
  body.length > SMALL && window.CompressionStream
    ? new Response(new Response(body).body!.pipeThrough(new CompressionStream('gzip'))).arrayBuffer()
    : undefined
