-- The tables of events. Their columns, in this order, are those of collector/src/store/row.rs; a test compares them.
--
-- A row is named by (app, view_id, kind, ordinal); what is inserted twice replaces itself. Of several reports of one row
-- the highest `ver` is the value: seq << 32 | (2^32 - 1 - arrival in seconds).
--
-- `hour` is the start hour of the row's view, taken from view_id: the rows of a view lie together, and a report that comes
-- later finds the row that it replaces in the same partition. Whole partitions expire.
--
-- A row counts as stored when its part is synced: the spool forgets what ClickHouse has confirmed.

-- One row a page view.
CREATE TABLE IF NOT EXISTS rum_data.views
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
    document_id UInt64,
    parent_id Nullable(UInt64),
    kind LowCardinality(String),
    page_name LowCardinality(String),
    referrer String CODEC(ZSTD(1)),
    origin LowCardinality(String),
    release LowCardinality(String),
    environment LowCardinality(String),
    browser LowCardinality(String),
    device LowCardinality(String),
    connection LowCardinality(String),
    viewport_width Nullable(UInt32) CODEC(ZSTD(1)),
    viewport_height Nullable(UInt32) CODEC(ZSTD(1)),
    duration_ms Nullable(Float64) CODEC(ZSTD(1)),
    navigation_kind LowCardinality(String),
    redirect_ms Nullable(Float32) CODEC(ZSTD(1)),
    worker_ms Nullable(Float32) CODEC(ZSTD(1)),
    dns_ms Nullable(Float32) CODEC(ZSTD(1)),
    connect_ms Nullable(Float32) CODEC(ZSTD(1)),
    tls_ms Nullable(Float32) CODEC(ZSTD(1)),
    request_ms Nullable(Float32) CODEC(ZSTD(1)),
    response_ms Nullable(Float32) CODEC(ZSTD(1)),
    dom_interactive_ms Nullable(Float32) CODEC(ZSTD(1)),
    dom_content_loaded_ms Nullable(Float32) CODEC(ZSTD(1)),
    dom_complete_ms Nullable(Float32) CODEC(ZSTD(1)),
    load_ms Nullable(Float32) CODEC(ZSTD(1)),
    transfer_bytes Nullable(UInt64) CODEC(ZSTD(1)),
    encoded_bytes Nullable(UInt64) CODEC(ZSTD(1)),
    decoded_bytes Nullable(UInt64) CODEC(ZSTD(1)),
    status Nullable(UInt16) CODEC(ZSTD(1)),
    protocol LowCardinality(String),
    mode LowCardinality(String),
    raw_reason LowCardinality(String),
    attached_ms Nullable(Float64) CODEC(ZSTD(1)),
    queue_dropped Nullable(UInt32) CODEC(ZSTD(1)),
    observer_dropped Nullable(UInt32) CODEC(ZSTD(1)),
    core_dropped Nullable(UInt32) CODEC(ZSTD(1)),
    sdk LowCardinality(String),
    weight Float32 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ver)
PARTITION BY (retention, toYYYYMMDD(hour))
ORDER BY (app, hour, page, view_id)
TTL hour + toIntervalDay(retention)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- One row a view, metric and scope.
CREATE TABLE IF NOT EXISTS rum_data.vitals
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
    metric LowCardinality(String),
    scope Enum8('document' = 0, 'view' = 1),
    value Float32 CODEC(ZSTD(1)),
    rating Enum8('good' = 1, 'needs-improvement' = 2, 'poor' = 3),
    target String CODEC(ZSTD(1)),
    detail String CODEC(ZSTD(1)),
    at_ms Nullable(Float64) CODEC(ZSTD(1)),
    input_delay_ms Nullable(Float32) CODEC(ZSTD(1)),
    processing_ms Nullable(Float32) CODEC(ZSTD(1)),
    presentation_ms Nullable(Float32) CODEC(ZSTD(1)),
    device LowCardinality(String),
    browser LowCardinality(String),
    release LowCardinality(String),
    connection LowCardinality(String),
    weight Float32 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ver)
PARTITION BY (retention, toYYYYMMDD(hour))
ORDER BY (app, metric, page, hour, view_id, scope)
TTL hour + toIntervalDay(retention)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- One row a fetch or XMLHttpRequest.
CREATE TABLE IF NOT EXISTS rum_data.requests
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
    method LowCardinality(String),
    url String CODEC(ZSTD(1)),
    host LowCardinality(String),
    path String CODEC(ZSTD(1)),
    status Nullable(UInt16) CODEC(ZSTD(1)),
    start_ms Float64 CODEC(ZSTD(1)),
    duration_ms Float32 CODEC(ZSTD(1)),
    outcome LowCardinality(String),
    release LowCardinality(String)
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

-- One row an error and document, with how often it occurred there.
CREATE TABLE IF NOT EXISTS rum_data.errors
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
    last_ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    group_id UInt64,
    class LowCardinality(String),
    message String CODEC(ZSTD(1)),
    stack String CODEC(ZSTD(1)),
    source LowCardinality(String),
    handled Bool,
    count UInt32 CODEC(ZSTD(1)),
    cut UInt32 CODEC(ZSTD(1)),
    release LowCardinality(String),
    INDEX group_id group_id TYPE bloom_filter GRANULARITY 4
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

-- One row a click or submit.
CREATE TABLE IF NOT EXISTS rum_data.actions
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
    target String CODEC(ZSTD(1))
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

-- Rows of views that started at a time that cannot be: more than 48 h before their arrival, or more than 5 min after it.
-- Their hour would make partitions far away, so they lie here as JSON, in no percentile, for a week.
CREATE TABLE IF NOT EXISTS rum_data.clock_bad
(
    app LowCardinality(String),
    ver UInt64 CODEC(ZSTD(1)),
    recv_ts DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    view_id UInt64,
    `table` LowCardinality(String),
    kind LowCardinality(String),
    ordinal UInt64 CODEC(ZSTD(1)),
    row String CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(ver)
ORDER BY (app, view_id, `table`, kind, ordinal)
TTL toDateTime(recv_ts) + INTERVAL 7 DAY
SETTINGS
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;
