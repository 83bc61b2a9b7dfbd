// Written by `cargo xtask codegen` from rum-core/src/wire. Do not edit.

/** Kinds of events. */
export const KIND_NAMES: Record<number, string> = {
  1: 'view',
  2: 'vital',
  64: 'request',
  65: 'error',
  66: 'action',
  67: 'long_frame',
  68: 'resource',
  69: 'user_timing',
  70: 'element_timing',
  71: 'log',
}

/** Their fields, in the order of the wire. */
export const NAMES: Record<number, string> = {
  1: 'view_id session_id kind start page referrer parent_id document_id page_name end navigation receipt surroundings core_dropped user attributes scroll engaged',
  2: 'metric scope value target detail resource at input_delay processing presentation frames',
  64: 'ordinal start initiator method url status duration outcome request response transfer_bytes encoded_bytes decoded_bytes protocol redirect dns connect tls action operation trace_id span_id',
  65: 'ordinal first source class message stack handled count cut causes attributes target url line column debug_ids',
  66: 'ordinal at kind name target duration frustration attributes value',
  67: 'ordinal start duration kind blocking render_start style_start first_input weight scripts',
  68: 'ordinal start duration url initiator status transfer_bytes encoded_bytes decoded_bytes protocol render_blocking delivery redirect dns connect tls request response weight',
  69: 'ordinal start name duration weight',
  70: 'ordinal painted name target url weight',
  71: 'ordinal at level message source attributes trace_id weight',
}
