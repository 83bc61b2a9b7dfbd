-- What people and alert rules read. FINAL leaves one row of each name, the one with the highest `ver`; partitions can be
-- merged on their own, for all reports of a row lie in one. Filter on `hour` (and `app`): it is what the tables are
-- ordered and divided by.
--
-- Ids are 16 hexadecimal digits. NULL means that nobody knows; text that is absent is ''.

CREATE DATABASE IF NOT EXISTS rum;

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
    recv_ts
FROM rum_data.requests FINAL
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
    recv_ts
FROM rum_data.errors FINAL
SETTINGS do_not_merge_across_partitions_select_final = 1;

-- One row a click or submit.
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
    recv_ts
FROM rum_data.actions FINAL
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
    max(lcp_ms) AS worst_lcp_ms
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
        CAST(NULL AS Nullable(Float32)) AS lcp_ms
    FROM rum_data.views FINAL
    UNION ALL
    SELECT app, session_id, ts, last_ts, page, false, toUInt64(count), NULL
    FROM rum_data.errors FINAL
    UNION ALL
    SELECT app, session_id, ts, ts, page, false, toUInt64(0), value
    FROM rum_data.vitals FINAL
    WHERE metric = 'LCP' AND scope = 'document'
)
GROUP BY app, session_id
-- Without a view nothing is known but that something happened.
HAVING pages > 0
SETTINGS do_not_merge_across_partitions_select_final = 1;
