// Written by `cargo xtask codegen` from rum-core/src/wire. Do not edit.

/** The name of each kind of events, and those of its fields, in the order of the wire. */
export const NAMES: Record<number, string> = {
  1: 'view view_id session_id type start page referrer parent_id document_id page_name end navigation receipt surroundings core_dropped user attributes scroll engaged',
  2: 'vital metric scope value target detail resource at input_delay processing presentation frames',
  64: 'request ordinal start initiator method url status duration outcome request response transfer_bytes encoded_bytes decoded_bytes protocol redirect dns connect tls action operation trace_id span_id',
  65: 'error ordinal first source class message stack handled count cut causes attributes target url line column debug_ids',
  66: 'action ordinal at type name target duration frustration attributes value',
  67: 'long_frame ordinal start duration type blocking render_start style_start first_input weight scripts',
  68: 'resource ordinal start duration url initiator status transfer_bytes encoded_bytes decoded_bytes protocol render_blocking delivery redirect dns connect tls request response weight',
  69: 'user_timing ordinal start name duration weight',
  70: 'element_timing ordinal painted name target url weight',
  71: 'log ordinal at level message source attributes trace_id weight',
}
