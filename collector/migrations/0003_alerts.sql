-- What the alert engine remembers (collector/src/store/alert_state.rs). Both tables are read with their identity in mind:
-- an insert whose answer was lost is made again, and the row replaces itself.
--
-- Ninety days is REMEMBERED_DAYS there.

-- One row a step of an alert, named by (fingerprint, at). The last one of a fingerprint is the alert's state; one with
-- receivers is a notification, and the outbox is those without a row in alert_deliveries.
CREATE TABLE IF NOT EXISTS rum_data.alert_transitions
(
    fingerprint String,
    at DateTime64(3, 'UTC'),
    rule LowCardinality(String),
    group_values Array(String),
    phase LowCardinality(String),
    since DateTime64(3, 'UTC'),
    started DateTime64(3, 'UTC'),
    status LowCardinality(String),
    notification String CODEC(ZSTD(1)),
    receivers Array(String)
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (fingerprint, at)
TTL toDateTime(at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1;

-- One row a notification and receiver that needs no more tries: outcome is accepted, refused or expired.
CREATE TABLE IF NOT EXISTS rum_data.alert_deliveries
(
    receiver String,
    fingerprint String,
    at DateTime64(3, 'UTC'),
    outcome LowCardinality(String),
    ended DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(ended)
PARTITION BY toYYYYMM(at)
ORDER BY (receiver, fingerprint, at)
TTL toDateTime(at) + INTERVAL 90 DAY
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1;
