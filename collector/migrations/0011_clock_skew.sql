-- How far off the sender's clock was when it sent the batch: collector/src/store/clock.rs. `ts` has been corrected by it since the first
-- version, and ts - skew_ms is what the page said; now it is known which rows were.
--
-- Rows from before have 0, in tables and in the spool, whether they were corrected or not.
--
-- Most rows have 0: a part of such rows alone takes nothing for it, one with 2 % of other views 0.02 bytes a row where a view's rows lie
-- together and 0.09 where they do not, with 10 % of them 0.1 and 0.6 (a million rows). Delta and T64 before ZSTD take more.
--
-- Over 500 lines, for a view is written anew as a whole when its table has more columns.

ALTER TABLE rum_data.views
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

ALTER TABLE rum_data.vitals
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

ALTER TABLE rum_data.requests
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

ALTER TABLE rum_data.errors
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

ALTER TABLE rum_data.actions
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

ALTER TABLE rum_data.long_frames
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

ALTER TABLE rum_data.timings
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

ALTER TABLE rum_data.logs
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

ALTER TABLE rum_data.clock_bad
    ADD COLUMN IF NOT EXISTS skew_ms Int64 CODEC(ZSTD(1)) AFTER recv_ts;

-- One row a page view.
CREATE OR REPLACE VIEW rum.page_views SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    lower(leftPad(hex(document_id), 16, '0')) AS document_id,
    lower(leftPad(hex(parent_id), 16, '0')) AS parent_id,
    kind,
    page,
    page_name,
    referrer,
    origin,
    release,
    environment,
    browser,
    device,
    connection,
    viewport_width,
    viewport_height,
    duration_ms,
    navigation_kind,
    redirect_ms,
    worker_ms,
    dns_ms,
    connect_ms,
    tls_ms,
    request_ms,
    response_ms,
    dom_interactive_ms,
    dom_content_loaded_ms,
    dom_complete_ms,
    load_ms,
    transfer_bytes,
    encoded_bytes,
    decoded_bytes,
    status,
    protocol,
    mode,
    raw_reason,
    attached_ms,
    queue_dropped,
    observer_dropped,
    core_dropped,
    sdk,
    weight,
    navigation_type,
    activation_ms,
    redirect_start_ms,
    redirect_end_ms,
    worker_start_ms,
    fetch_start_ms,
    dns_start_ms,
    dns_end_ms,
    connect_start_ms,
    tls_start_ms,
    connect_end_ms,
    request_start_ms,
    response_start_ms,
    response_end_ms,
    dom_content_loaded_start_ms,
    server_timing,
    server_timing_ms,
    not_restored,
    downlink_kbps,
    rtt_ms,
    save_data,
    device_memory_mib,
    cores,
    pixel_ratio,
    delivery,
    observer_dropped_by_type,
    user_id,
    attributes,
    scroll_depth,
    engaged_ms,
    trace_id,
    browser_version,
    engine,
    os,
    os_version,
    country,
    region,
    client,
    recv_ts,
    skew_ms
FROM rum_data.views FINAL
WHERE bot = ''
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- The same, with bots.
CREATE OR REPLACE VIEW rum.page_views_all SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    lower(leftPad(hex(document_id), 16, '0')) AS document_id,
    lower(leftPad(hex(parent_id), 16, '0')) AS parent_id,
    kind,
    page,
    page_name,
    referrer,
    origin,
    release,
    environment,
    browser,
    device,
    connection,
    viewport_width,
    viewport_height,
    duration_ms,
    navigation_kind,
    redirect_ms,
    worker_ms,
    dns_ms,
    connect_ms,
    tls_ms,
    request_ms,
    response_ms,
    dom_interactive_ms,
    dom_content_loaded_ms,
    dom_complete_ms,
    load_ms,
    transfer_bytes,
    encoded_bytes,
    decoded_bytes,
    status,
    protocol,
    mode,
    raw_reason,
    attached_ms,
    queue_dropped,
    observer_dropped,
    core_dropped,
    sdk,
    weight,
    navigation_type,
    activation_ms,
    redirect_start_ms,
    redirect_end_ms,
    worker_start_ms,
    fetch_start_ms,
    dns_start_ms,
    dns_end_ms,
    connect_start_ms,
    tls_start_ms,
    connect_end_ms,
    request_start_ms,
    response_start_ms,
    response_end_ms,
    dom_content_loaded_start_ms,
    server_timing,
    server_timing_ms,
    not_restored,
    downlink_kbps,
    rtt_ms,
    save_data,
    device_memory_mib,
    cores,
    pixel_ratio,
    delivery,
    observer_dropped_by_type,
    user_id,
    attributes,
    scroll_depth,
    engaged_ms,
    trace_id,
    browser_version,
    engine,
    os,
    os_version,
    country,
    region,
    client,
    bot,
    recv_ts,
    skew_ms
FROM rum_data.views FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- The values that dashboards and rules mean: of the whole document, as the reference library reports them, of sessions
-- that count.
CREATE OR REPLACE VIEW rum.web_vitals SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    metric,
    value,
    rating,
    page,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    target,
    detail,
    at_ms,
    input_delay_ms,
    processing_ms,
    presentation_ms,
    device,
    browser,
    release,
    connection,
    weight,
    navigation_type,
    load_state,
    ttfb_ms,
    first_byte_to_fcp_ms,
    resource_load_delay_ms,
    resource_load_duration_ms,
    element_render_delay_ms,
    waiting_ms,
    cache_ms,
    dns_ms,
    connection_ms,
    request_ms,
    interaction_type,
    long_frames,
    script_url,
    script_function,
    script_invoker,
    script_invoker_type,
    script_position,
    script_subpart,
    script_ms,
    total_script_ms,
    total_style_and_layout_ms,
    total_paint_ms,
    total_unattributed_ms,
    browser_version,
    engine,
    os,
    os_version,
    country,
    region,
    recv_ts,
    skew_ms
FROM rum_data.vitals FINAL
WHERE bot = '' AND scope = 'document' AND weight > 0
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Every value, also those of single views within a document, and of bots.
CREATE OR REPLACE VIEW rum.web_vitals_all SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    metric,
    scope,
    value,
    rating,
    page,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    target,
    detail,
    at_ms,
    input_delay_ms,
    processing_ms,
    presentation_ms,
    device,
    browser,
    release,
    connection,
    weight,
    navigation_type,
    load_state,
    ttfb_ms,
    first_byte_to_fcp_ms,
    resource_load_delay_ms,
    resource_load_duration_ms,
    element_render_delay_ms,
    waiting_ms,
    cache_ms,
    dns_ms,
    connection_ms,
    request_ms,
    interaction_type,
    long_frames,
    script_url,
    script_function,
    script_invoker,
    script_invoker_type,
    script_position,
    script_subpart,
    script_ms,
    total_script_ms,
    total_style_and_layout_ms,
    total_paint_ms,
    total_unattributed_ms,
    browser_version,
    engine,
    os,
    os_version,
    country,
    region,
    bot,
    recv_ts,
    skew_ms
FROM rum_data.vitals FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a fetch or XMLHttpRequest.
CREATE OR REPLACE VIEW rum.requests SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    ordinal,
    page,
    kind AS initiator,
    method,
    url,
    host,
    path,
    status,
    start_ms,
    duration_ms,
    outcome,
    redirect_ms,
    dns_ms,
    connect_ms,
    tls_ms,
    request_ms,
    response_ms,
    transfer_bytes,
    encoded_bytes,
    decoded_bytes,
    protocol,
    operation,
    trace_id,
    span_id,
    action_ordinal,
    release,
    weight,
    recv_ts,
    skew_ms
FROM rum_data.requests FINAL
WHERE bot = '' AND kind != 'resource'
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a resource that the page loaded; `weight` is how many it stands for, where they are sampled. Timings and sizes of
-- other origins are NULL unless these allow it (Timing-Allow-Origin).
CREATE OR REPLACE VIEW rum.resources SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    ordinal,
    page,
    initiator,
    url,
    host,
    path,
    status,
    start_ms,
    duration_ms,
    redirect_ms,
    dns_ms,
    connect_ms,
    tls_ms,
    request_ms,
    response_ms,
    transfer_bytes,
    encoded_bytes,
    decoded_bytes,
    -- What was transferred is at least its headers, if anything was.
    if(delivery = 'cache', true, transfer_bytes = 0 AND decoded_bytes > 0) AS from_cache,
    delivery,
    protocol,
    render_blocking,
    release,
    weight,
    recv_ts,
    skew_ms
FROM rum_data.requests FINAL
WHERE bot = '' AND kind = 'resource'
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a long animation frame or long task; `scripts` is how many ran in it, `rum.long_frame_scripts` has them.
CREATE OR REPLACE VIEW rum.long_frames SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    ordinal,
    page,
    kind,
    start_ms,
    duration_ms,
    blocking_ms,
    render_start_ms,
    style_and_layout_start_ms,
    -- A frame that rendered nothing has no such moment.
    start_ms + duration_ms - nullIf(style_and_layout_start_ms, 0) AS style_and_layout_ms,
    first_input_ms,
    length(script_duration_ms) AS scripts,
    arraySum(script_duration_ms) AS script_ms,
    release,
    weight,
    recv_ts,
    skew_ms
FROM rum_data.long_frames FINAL
WHERE bot = ''
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a script of a long animation frame.
CREATE OR REPLACE VIEW rum.long_frame_scripts SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    session_id,
    view_id,
    ordinal,
    page,
    frame_ms,
    blocking_ms,
    start_ms,
    duration_ms,
    forced_style_and_layout_ms,
    pause_ms,
    invoker_type,
    invoker,
    url,
    function,
    -- The browser does not know every place.
    if(position < 0, NULL, position) AS position,
    release,
    weight,
    recv_ts,
    skew_ms
FROM
(
    SELECT
        app,
        hour,
        ts,
        lower(leftPad(hex(session_id), 16, '0')) AS session_id,
        lower(leftPad(hex(view_id), 16, '0')) AS view_id,
        ordinal,
        page,
        duration_ms AS frame_ms,
        blocking_ms,
        script_start_ms,
        script_duration_ms,
        script_forced_style_and_layout_ms,
        script_pause_ms,
        script_invoker_type,
        script_invoker,
        script_url,
        script_function,
        script_position,
        release,
        weight,
        recv_ts,
        skew_ms
    FROM rum_data.long_frames FINAL
    WHERE bot = ''
)
ARRAY JOIN
    script_start_ms AS start_ms,
    script_duration_ms AS duration_ms,
    script_forced_style_and_layout_ms AS forced_style_and_layout_ms,
    script_pause_ms AS pause_ms,
    script_invoker_type AS invoker_type,
    script_invoker AS invoker,
    script_url AS url,
    script_function AS function,
    script_position AS position
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a mark, a measure or a timed element (`kind`).
CREATE OR REPLACE VIEW rum.timings SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    ordinal,
    page,
    kind,
    name,
    start_ms,
    duration_ms,
    target,
    url,
    release,
    weight,
    recv_ts,
    skew_ms
FROM rum_data.timings FINAL
WHERE bot = ''
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row an error and document. `ts` is when it occurred first, `count` how often.
CREATE OR REPLACE VIEW rum.errors SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    last_ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    ordinal,
    page,
    lower(leftPad(hex(group_id), 16, '0')) AS group_id,
    class AS type,
    message,
    stack,
    source,
    handled,
    count,
    cut,
    release,
    origin,
    frame_function,
    frame_file,
    frame_line,
    frame_column,
    frame_in_app,
    cause_class,
    cause_message,
    cause_stack,
    attributes,
    target,
    url,
    line,
    column,
    debug_ids,
    weight,
    recv_ts,
    skew_ms
FROM rum_data.errors FINAL
WHERE bot = ''
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a click or submit, or what the page calls an action (`track`) and measures (`measure`).
CREATE OR REPLACE VIEW rum.actions SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    ordinal,
    page,
    kind,
    name,
    target,
    next_paint_ms,
    rage,
    dead,
    error,
    attributes,
    value,
    release,
    weight,
    recv_ts,
    skew_ms
FROM rum_data.actions FINAL
WHERE bot = ''
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a line of a page's log.
CREATE OR REPLACE VIEW rum.logs SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    ordinal,
    page,
    level,
    message,
    source,
    attributes,
    trace_id,
    release,
    weight,
    recv_ts,
    skew_ms
FROM rum_data.logs FINAL
WHERE bot = ''
SETTINGS do_not_merge_across_partitions_select_final = 1;
