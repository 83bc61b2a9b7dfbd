-- Whose code threw an error, and the frames of its stack. docs/errors.md explains both, docs/tables.md each column.
--
-- New columns are at the end: rows that lie in the spool from before have an empty `origin`, and no frames.

-- The lists of the frames have one length, the innermost call first.
ALTER TABLE rum_data.errors
    ADD COLUMN IF NOT EXISTS origin LowCardinality(String),
    ADD COLUMN IF NOT EXISTS frame_function Array(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS frame_file Array(String) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS frame_line Array(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS frame_column Array(UInt32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS frame_in_app Array(Bool) CODEC(ZSTD(1));

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
    recv_ts
FROM rum_data.errors FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;
