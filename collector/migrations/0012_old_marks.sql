-- The marks of an hour that gets no more rows become one: an hour has as many as there were inserts with its rows, and each is a
-- number that does not compress. Views are stored until two days after their start; what comes later, after a long outage, is marked as
-- ever.
--
-- The one is named by all of them, and so by none of those that somebody has taken and is about to clear: the hour stays dirty and is
-- computed once more. It is cleared only if all of them were. Duplicates are replaced before, within a merge; in other parts they are one more
-- reason to compute the hour. ClickHouse makes such merges by itself only if rows may be deleted from within a part.
ALTER TABLE rum_data.dirty_hours MODIFY SETTING ttl_only_drop_parts = 0;

ALTER TABLE rum_data.dirty_hours MODIFY TTL
    hour + toIntervalDay(retention),
    hour + toIntervalDay(3) GROUP BY app, hour SET mark = groupBitXor(mark), cleared = min(cleared);
