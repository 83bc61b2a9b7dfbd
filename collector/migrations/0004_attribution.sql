-- What vitals are made of, where pages spend their time, and what their numbers miss. docs/tables.md explains each column.
--
-- Over 500 lines, for a view is written anew as a whole when its table has more columns.
--
-- New columns are at the end and have defaults: rows that lie in the spool from before name the columns that they have.

-- The navigation's moments, what surrounded the page, and what each observer lost.
ALTER TABLE rum_data.views
    ADD COLUMN IF NOT EXISTS navigation_type LowCardinality(String),
    ADD COLUMN IF NOT EXISTS activation_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS redirect_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS redirect_end_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS worker_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS fetch_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dns_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dns_end_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS connect_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tls_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS connect_end_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS request_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS response_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS response_end_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dom_content_loaded_start_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS server_timing String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS server_timing_ms Map(LowCardinality(String), Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS not_restored Array(LowCardinality(String)) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS downlink_kbps Nullable(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS rtt_ms Nullable(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS save_data Nullable(Bool) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS device_memory_mib Nullable(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cores Nullable(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS pixel_ratio Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS delivery LowCardinality(String),
    ADD COLUMN IF NOT EXISTS observer_dropped_by_type Map(LowCardinality(String), UInt32) CODEC(ZSTD(1));

-- Attribution: where a value came from, and what it was spent on.
ALTER TABLE rum_data.vitals
    ADD COLUMN IF NOT EXISTS navigation_type LowCardinality(String),
    ADD COLUMN IF NOT EXISTS load_state LowCardinality(String),
    ADD COLUMN IF NOT EXISTS ttfb_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS first_byte_to_fcp_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS resource_load_delay_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS resource_load_duration_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS element_render_delay_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS waiting_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cache_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dns_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS connection_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS request_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS interaction_type LowCardinality(String),
    ADD COLUMN IF NOT EXISTS long_frames Nullable(UInt16) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS script_url String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS script_function String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS script_invoker String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS script_invoker_type LowCardinality(String),
    ADD COLUMN IF NOT EXISTS script_position Nullable(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS script_subpart LowCardinality(String),
    ADD COLUMN IF NOT EXISTS script_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS total_script_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS total_style_and_layout_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS total_paint_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS total_unattributed_ms Nullable(Float32) CODEC(ZSTD(1));

-- Resources, as rows of kind 'resource'; a fetch or XMLHttpRequest has few of these columns.
ALTER TABLE rum_data.requests
    ADD COLUMN IF NOT EXISTS initiator LowCardinality(String),
    ADD COLUMN IF NOT EXISTS transfer_bytes Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS encoded_bytes Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS decoded_bytes Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS protocol LowCardinality(String),
    ADD COLUMN IF NOT EXISTS render_blocking Nullable(Bool) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS delivery LowCardinality(String),
    ADD COLUMN IF NOT EXISTS redirect_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS dns_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS connect_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS tls_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS request_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS response_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS weight Float32 DEFAULT 1 CODEC(ZSTD(1));

-- One row a long animation frame or long task. The lists of its scripts have one length, the longest script first.
CREATE TABLE IF NOT EXISTS rum_data.long_frames
(
    retention UInt16 CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    app LowCardinality(String),
    ver UInt64 CODEC(ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recv_ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    session_id UInt64,
    view_id UInt64,
    page LowCardinality(String),
    kind LowCardinality(String),
    ordinal UInt64 CODEC(ZSTD(1)),
    start_ms Float64 CODEC(ZSTD(1)),
    duration_ms Float32 CODEC(ZSTD(1)),
    blocking_ms Nullable(Float32) CODEC(ZSTD(1)),
    render_start_ms Nullable(Float64) CODEC(ZSTD(1)),
    style_and_layout_start_ms Nullable(Float64) CODEC(ZSTD(1)),
    first_input_ms Nullable(Float64) CODEC(ZSTD(1)),
    script_start_ms Array(Float64) CODEC(ZSTD(1)),
    script_duration_ms Array(Float32) CODEC(ZSTD(1)),
    script_forced_style_and_layout_ms Array(Float32) CODEC(ZSTD(1)),
    script_pause_ms Array(Float32) CODEC(ZSTD(1)),
    script_invoker_type Array(LowCardinality(String)) CODEC(ZSTD(1)),
    script_invoker Array(String) CODEC(ZSTD(1)),
    script_url Array(String) CODEC(ZSTD(1)),
    script_function Array(String) CODEC(ZSTD(1)),
    script_position Array(Int64) CODEC(ZSTD(1)),
    release LowCardinality(String),
    weight Float32 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ver)
PARTITION BY (retention, toYYYYMMDD(hour))
ORDER BY (app, hour, session_id, view_id, kind, ordinal)
TTL hour + toIntervalDay(retention)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- One row a mark, a measure, or an element that the page wants timed.
CREATE TABLE IF NOT EXISTS rum_data.timings
(
    retention UInt16 CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    app LowCardinality(String),
    ver UInt64 CODEC(ZSTD(1)),
    ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    recv_ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    session_id UInt64,
    view_id UInt64,
    page LowCardinality(String),
    kind LowCardinality(String),
    ordinal UInt64 CODEC(ZSTD(1)),
    name String CODEC(ZSTD(1)),
    start_ms Float64 CODEC(ZSTD(1)),
    duration_ms Nullable(Float32) CODEC(ZSTD(1)),
    target String CODEC(ZSTD(1)),
    url String CODEC(ZSTD(1)),
    release LowCardinality(String),
    weight Float32 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ver)
PARTITION BY (retention, toYYYYMMDD(hour))
ORDER BY (app, hour, session_id, view_id, kind, ordinal)
TTL hour + toIntervalDay(retention)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

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
    recv_ts
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
    recv_ts
FROM rum_data.vitals FINAL
WHERE scope = 'document' AND weight > 0
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- Every value, also those of single views within a document.
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
    recv_ts
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
    release,
    weight,
    recv_ts
FROM rum_data.requests FINAL
WHERE kind != 'resource'
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
    recv_ts
FROM rum_data.requests FINAL
WHERE kind = 'resource'
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
    recv_ts
FROM rum_data.long_frames FINAL
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
    recv_ts
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
        recv_ts
    FROM rum_data.long_frames FINAL
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
    recv_ts
FROM rum_data.timings FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
