// What the capture script needs for a raw body with names: the names. (Its own code would write objects, which costs the
// same names, spread over it.)

const NAMES = {
  1: 'view_id session_id kind page referrer parent_id page_name',
  2: 'page_name',
  3: 'kind activation redirect_start redirect_end worker_start fetch_start dns_start dns_end connect_start tls_start connect_end request_start response_start response_end dom_interactive dom_content_loaded dom_complete load transfer_bytes encoded_bytes decoded_bytes status protocol',
  4: 'hidden wall_ms',
  6: 'size target url',
  8: 'value recent_input target',
  9: 'duration processing_start processing_end interaction_id name target',
  10: 'painted',
  11: 'reason wall_ms interaction_count attached queue_dropped observer_dropped',
  64: 'initiator method url status start duration outcome',
  65: 'source class message stack handled count first cut',
  66: 'kind name target',
}

export const records = (records) =>
  JSON.stringify(
    records.map(([kind, ordinal, t, ...fields]) => {
      const record = { record: kind, ordinal, t }
      NAMES[kind]?.split(' ').forEach((name, at) => {
        if (fields[at] != null) record[name] = fields[at]
      })
      return record
    }),
  )
