-- What led to one error, named by its view and ordinal: SELECT * FROM rum.before_error(view_id = '…', ordinal = 12).
-- docs/errors.md has an example.
--
-- A view's id begins with its start in unix seconds, and a session lasts four hours at most, in whatever tabs: so few hours are read.

CREATE OR REPLACE VIEW rum.before_error SQL SECURITY INVOKER AS
SELECT
    crumbs.ts AS ts,
    crumbs.page AS page,
    crumbs.kind AS kind,
    crumbs.text AS text
FROM rum.breadcrumbs AS crumbs
INNER JOIN
(
    SELECT app, session_id, view_id, ordinal, ts
    FROM rum.errors
    WHERE view_id = {view_id:String} AND ordinal = {ordinal:UInt64}
        AND hour = toStartOfHour(toDateTime(reinterpretAsUInt32(reverse(unhex(substring({view_id:String}, 1, 8)))), 'UTC'))
) AS error ON crumbs.app = error.app AND crumbs.session_id = error.session_id
WHERE crumbs.ts <= error.ts
    AND NOT (crumbs.kind = 'error' AND crumbs.view_id = error.view_id AND crumbs.ordinal = error.ordinal)
    AND crumbs.hour BETWEEN
        toStartOfHour(toDateTime(reinterpretAsUInt32(reverse(unhex(substring({view_id:String}, 1, 8)))), 'UTC')) - INTERVAL 5 HOUR
        AND toStartOfHour(toDateTime(reinterpretAsUInt32(reverse(unhex(substring({view_id:String}, 1, 8)))), 'UTC')) + INTERVAL 4 HOUR
ORDER BY crumbs.ts DESC
LIMIT 30;
