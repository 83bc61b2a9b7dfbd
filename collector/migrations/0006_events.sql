-- What pages say of themselves and of their users, what they log, and what rows stand for where sessions are sampled.
-- docs/tables.md explains each column.
--
-- New columns are at the end and have defaults: rows that lie in the spool from before stand for one.

-- Who the user is, how far the view was seen, and for how long.
ALTER TABLE rum_data.views
    ADD COLUMN IF NOT EXISTS user_id String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS scroll_depth Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS engaged_ms Nullable(Float64) CODEC(ZSTD(1));

-- The operation, the trace on the server, and the action that a request followed.
ALTER TABLE rum_data.requests
    ADD COLUMN IF NOT EXISTS operation LowCardinality(String),
    ADD COLUMN IF NOT EXISTS trace_id String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS span_id String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS action_ordinal Nullable(UInt64) CODEC(ZSTD(1)),
    ADD INDEX IF NOT EXISTS trace_id trace_id TYPE bloom_filter GRANULARITY 4;

-- The lists of the causes have one length, the nearest cause first.
ALTER TABLE rum_data.errors
    ADD COLUMN IF NOT EXISTS cause_class Array(LowCardinality(String)) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cause_message Array(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS cause_stack Array(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS target String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS url String CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS line Nullable(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS column Nullable(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS debug_ids Map(String, String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS weight Float32 DEFAULT 1 CODEC(ZSTD(1));

ALTER TABLE rum_data.actions
    ADD COLUMN IF NOT EXISTS next_paint_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS rage Bool,
    ADD COLUMN IF NOT EXISTS dead Bool,
    ADD COLUMN IF NOT EXISTS error Bool,
    ADD COLUMN IF NOT EXISTS attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS value Nullable(Float64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS release LowCardinality(String),
    ADD COLUMN IF NOT EXISTS weight Float32 DEFAULT 1 CODEC(ZSTD(1));

-- One row a line of a page's log. Lines that cannot hold a word that is looked for are passed over by blocks.
CREATE TABLE IF NOT EXISTS rum_data.logs
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
    ordinal UInt64 CODEC(ZSTD(1)),
    level LowCardinality(String),
    message String CODEC(ZSTD(1)),
    source LowCardinality(String),
    attributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    trace_id String CODEC(ZSTD(1)),
    release LowCardinality(String),
    weight Float32 CODEC(ZSTD(1)),
    INDEX message message TYPE text(tokenizer = splitByNonAlpha),
    INDEX trace_id trace_id TYPE bloom_filter GRANULARITY 4
)
ENGINE = ReplacingMergeTree(ver)
PARTITION BY (retention, toYYYYMMDD(hour))
ORDER BY (app, hour, view_id, ordinal)
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
    user_id,
    attributes,
    scroll_depth,
    engaged_ms,
    recv_ts
FROM rum_data.views FINAL
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
    recv_ts
FROM rum_data.requests FINAL
WHERE kind != 'resource'
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
    recv_ts
FROM rum_data.errors FINAL
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
    recv_ts
FROM rum_data.actions FINAL
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
    recv_ts
FROM rum_data.logs FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a session: from its first view's start to the last thing known of it. `errors` counts occurrences.
CREATE OR REPLACE VIEW rum.sessions SQL SECURITY INVOKER AS
SELECT
    app,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    minIf(ts, is_view) AS start,
    max(last_ts) AS end,
    countIf(is_view) AS pages,
    argMinIf(page, ts, is_view) AS entry,
    argMaxIf(page, ts, is_view) AS exit,
    sum(occurrences) AS errors,
    max(lcp_ms) AS worst_lcp_ms,
    anyIf(session_weight, is_view) AS weight
FROM
(
    SELECT
        app,
        session_id,
        ts,
        addMilliseconds(ts, toInt64(ifNull(duration_ms, 0))) AS last_ts,
        page,
        true AS is_view,
        toUInt64(0) AS occurrences,
        CAST(NULL AS Nullable(Float32)) AS lcp_ms,
        weight AS session_weight
    FROM rum_data.views FINAL
    UNION ALL
    SELECT app, session_id, ts, last_ts, page, false, toUInt64(count), NULL, weight
    FROM rum_data.errors FINAL
    UNION ALL
    SELECT app, session_id, ts, ts, page, false, toUInt64(0), value, weight
    FROM rum_data.vitals FINAL
    WHERE metric = 'LCP' AND scope = 'document'
)
GROUP BY app, session_id
-- Without a view nothing is known but that something happened.
HAVING pages > 0
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a thing that happened in a session, of all sorts: what led to an error is what lies before it.
CREATE OR REPLACE VIEW rum.breadcrumbs SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    ts,
    lower(leftPad(hex(session_id), 16, '0')) AS session_id,
    lower(leftPad(hex(view_id), 16, '0')) AS view_id,
    ordinal,
    page,
    kind,
    text
FROM
(
    SELECT app, hour, ts, session_id, view_id, toUInt64(0) AS ordinal, page, 'view' AS kind,
        if(page_name = '', concat(views.kind, ' ', page), concat(views.kind, ' ', page, ' (', page_name, ')')) AS text
    FROM rum_data.views FINAL
    UNION ALL
    SELECT app, hour, ts, session_id, view_id, ordinal, page, toString(kind),
        arrayStringConcat(arrayFilter(part -> part != '', [name, target, if(rage, 'rage', ''), if(dead, 'dead', '')]), ' ')
    FROM rum_data.actions FINAL
    UNION ALL
    SELECT app, hour, ts, session_id, view_id, ordinal, page, 'request',
        concat(method, ' ', url, ' ', if(status IS NULL, toString(outcome), toString(assumeNotNull(status))))
    FROM rum_data.requests FINAL
    WHERE kind != 'resource'
    UNION ALL
    SELECT app, hour, ts, session_id, view_id, ordinal, page, 'log', concat(level, ' ', message)
    FROM rum_data.logs FINAL
    UNION ALL
    SELECT app, hour, ts, session_id, view_id, ordinal, page, 'error',
        if(class = '', message, concat(class, ': ', message))
    FROM rum_data.errors FINAL
)
SETTINGS do_not_merge_across_partitions_select_final = 1;
