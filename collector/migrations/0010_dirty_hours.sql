-- Which hours got rows: after each insert the writer marks every (app, hour) that has some of them, and only then forgets the rows.
-- Whoever computes from rows takes an hour's marks, computes the hour again, and clears exactly the marks that it had taken, by
-- inserting them again with cleared = 1: rows that came meanwhile have a mark of their own. collector/src/store/marks.rs.
--
-- A mark is named by (app, hour, mark) and goes with the rows of its hour.
CREATE TABLE IF NOT EXISTS rum_data.dirty_hours
(
    retention UInt16 CODEC(ZSTD(1)),
    hour DateTime('UTC') CODEC(Delta, ZSTD(1)),
    app LowCardinality(String),
    mark UInt64,
    cleared UInt8 CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree(cleared)
PARTITION BY (retention, toYYYYMMDD(hour))
ORDER BY (app, hour, mark)
TTL hour + toIntervalDay(retention)
SETTINGS
    ttl_only_drop_parts = 1,
    fsync_after_insert = 1,
    fsync_part_directory = 1,
    min_rows_to_fsync_after_merge = 1,
    min_compressed_bytes_to_fsync_after_merge = 1;

-- Hours with rows that nothing has been computed from yet.
CREATE OR REPLACE VIEW rum.dirty_hours SQL SECURITY INVOKER AS
SELECT
    app,
    hour,
    count() AS marks
FROM rum_data.dirty_hours FINAL
WHERE cleared = 0
GROUP BY app, hour
SETTINGS do_not_merge_across_partitions_select_final = 1;
