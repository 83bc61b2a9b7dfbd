//! What reads files, asks others or starts programs, in every place where a statement may name a table; and what only looks
//! like something that is allowed.

use http::StatusCode;

use crate::Asked;

/// Table functions, and an engine's way of saying the same.
const SOURCES: &[&str] = &[
    "file('/etc/passwd', 'LineAsString')",
    "url('http://127.0.0.1:1/', 'LineAsString')",
    "remote('127.0.0.1:1', system.one)",
    "executable('x.sh', TSV, 'a String')",
    "s3('http://127.0.0.1:1/b/x.csv', 'CSV')",
    "dictionary('other.d')",
    "merge('system', '.*')",
    "mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "azureBlobStorage('x', 'y', 'z')",
    "hdfs('hdfs://127.0.0.1:1/x', 'TSV', 'a String')",
    "fileCluster('c', '/etc/passwd', 'LineAsString')",
    "system.users",
];

/// Each with `@` for the source.
const POSITIONS: &[&str] = &[
    "SELECT * FROM @",
    "SELECT * FROM @ AS x",
    "SELECT * FROM (SELECT * FROM (SELECT * FROM @))",
    "FROM @ SELECT *",
    "SELECT 1 IN (SELECT * FROM @)",
    "SELECT 1 GLOBAL NOT IN (SELECT * FROM @)",
    "SELECT 1 WHERE 1 IN (SELECT * FROM @)",
    "SELECT 1 WHERE 1 = ANY (SELECT * FROM @)",
    "SELECT 1 WHERE EXISTS (SELECT * FROM @)",
    "SELECT count() FROM rum.errors GROUP BY app HAVING count() > (SELECT count() FROM @)",
    "SELECT app FROM rum.errors ORDER BY (SELECT count() FROM @)",
    "SELECT (SELECT count() FROM @)",
    "SELECT (SELECT count() FROM @) + 1 AS x, x",
    "WITH x AS (SELECT * FROM @) SELECT * FROM x",
    "WITH (SELECT count() FROM @) AS x SELECT x",
    "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t, @) SELECT * FROM t",
    "SELECT * FROM rum.errors AS a JOIN @ AS b ON 1 = 1",
    "SELECT * FROM rum.errors AS a LEFT ANY JOIN (SELECT * FROM @) AS b USING (app)",
    "SELECT * FROM rum.errors AS a, @ AS b",
    "SELECT * FROM rum.errors AS a CROSS JOIN @",
    "SELECT * FROM rum.errors AS a PASTE JOIN @ AS b",
    "SELECT arrayMap(x -> (SELECT count() FROM @), [1])",
    "SELECT if(0, (SELECT count() FROM @), 1)",
    "SELECT * FROM numbers((SELECT count() FROM @))",
    "SELECT sum(1) OVER (ORDER BY (SELECT count() FROM @))",
    "SELECT 1 UNION ALL SELECT * FROM @",
    "(SELECT 1) INTERSECT (SELECT * FROM @)",
    "SELECT 1 EXCEPT SELECT * FROM @",
    "SELECT * FROM view(SELECT * FROM @)",
    "SELECT * FROM rum.errors WHERE app IN (SELECT app FROM rum.errors WHERE app IN (SELECT * FROM @))",
    "SELECT * FROM before_error(view_id = (SELECT * FROM @), ordinal = 1)",
    "INSERT INTO rum_data.views SELECT * FROM @",
    "INSERT INTO FUNCTION null('a String') SELECT * FROM @",
    "EXPLAIN SELECT * FROM @",
    "EXPLAIN ESTIMATE SELECT * FROM @",
    "EXPLAIN TABLE OVERRIDE SELECT * FROM @",
    "DESCRIBE (SELECT * FROM @)",
    "DESCRIBE TABLE @",
    "CREATE TABLE rum.x ENGINE = Memory AS SELECT * FROM @",
    "CREATE VIEW rum.x AS SELECT * FROM @",
    "CREATE TEMPORARY TABLE x AS SELECT * FROM @",
];

/// Engines and objects that would read, ask or run later.
const MADE: &[&str] = &[
    "CREATE TABLE rum.x (a String) ENGINE = File(TSV, '/etc/passwd')",
    "CREATE TABLE rum.x (a String) ENGINE = URL('http://127.0.0.1:1/', CSV)",
    "CREATE TABLE rum.x (a String) ENGINE = Executable('x.sh', TSV)",
    "CREATE TABLE rum.x (a String) ENGINE = ExecutablePool('x.sh', TSV)",
    "CREATE TABLE rum.x (a String) ENGINE = S3('http://127.0.0.1:1/b', 'CSV')",
    "CREATE TABLE rum.x (a String) ENGINE = Kafka('127.0.0.1:1', 't', 'g', 'CSV')",
    "CREATE TABLE rum.x (a String) ENGINE = Distributed('c', 'system', 'one')",
    "CREATE TABLE rum.x AS file('/etc/passwd', 'LineAsString')",
    "CREATE DATABASE x ENGINE = Filesystem('/etc')",
    "CREATE DATABASE x ENGINE = MySQL('127.0.0.1:1', 'a', 'b', 'c')",
    "CREATE DICTIONARY rum.d (a UInt64, b String) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd' format 'TSV')) LAYOUT(FLAT()) LIFETIME(1)",
    "CREATE DICTIONARY rum.d (a UInt64, b String) PRIMARY KEY a SOURCE(EXECUTABLE(command 'id' format 'TSV')) LAYOUT(FLAT()) LIFETIME(1)",
    "CREATE DICTIONARY rum.d (a UInt64, b String) PRIMARY KEY a SOURCE(HTTP(url 'http://127.0.0.1:1/' format 'TSV')) LAYOUT(FLAT()) LIFETIME(1)",
    "CREATE MATERIALIZED VIEW rum.v REFRESH EVERY 1 SECOND (a String) ENGINE = Memory AS SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "CREATE NAMED COLLECTION n AS url = 'http://127.0.0.1:1/'",
    "CREATE FUNCTION f AS (x) -> file(x)",
    "CREATE USER u IDENTIFIED BY 'x'",
    "CREATE ROW POLICY p ON rum_data.views USING 1",
    "ALTER TABLE rum_data.views ADD COLUMN x String DEFAULT file('/etc/passwd')",
    "ALTER TABLE rum_data.views FREEZE",
    "ALTER TABLE rum_data.views FETCH PARTITION 1 FROM '/x'",
    "RESTORE DATABASE rum FROM File('/tmp/x')",
    "SYSTEM RELOAD DICTIONARIES",
    "MOVE USER a TO b",
    "SET format_schema = '/etc/passwd:x'",
    "SET ROLE ALL",
    "BEGIN TRANSACTION",
    "WATCH rum.page_views",
    "UNDROP TABLE rum_data.views",
    "EXCHANGE TABLES rum_data.views AND rum_data.errors",
];

/// Formats whose schemas are files, formats that write elsewhere, and dictionaries: 403, and this is said.
const SAID: &[(&str, &str)] = &[
    ("SELECT 1 FORMAT Protobuf SETTINGS format_schema = '/etc/passwd:x'", ""),
    ("SELECT 1 FORMAT CapnProto SETTINGS format_schema = 'x:y'", ""),
    (
        "SELECT 1 SETTINGS format_schema = 'x:y', format_template_row = '/etc/passwd'",
        "SETTINGS",
    ),
    (
        "SELECT 1 FORMAT Template SETTINGS format_template_resultset = '/etc/passwd'",
        "",
    ),
    (
        "SELECT 1 SETTINGS additional_table_filters = {'rum.errors': '1'}",
        "SETTINGS",
    ),
    ("SELECT dictGetOrDefault('d', 'x', 1, 2)", "function dictGetOrDefault"),
    ("SELECT dictHas('d', 1)", "function dictHas"),
    ("SELECT dictGetHierarchy('d', 1)", "function dictGetHierarchy"),
    ("SELECT regionToName(1)", "function regionToName"),
    ("SELECT evalMLMethod('x', 1)", "function evalMLMethod"),
    (
        "SELECT initializeAggregation('uniqState', 1)",
        "function initializeAggregation",
    ),
    (
        "SELECT structureToProtobufSchema('a UInt8')",
        "function structureToProtobufSchema",
    ),
    ("SELECT demangle('x')", "function demangle"),
    ("SELECT tcpPort()", "function tcpPort"),
    ("SELECT getMacro('x')", "function getMacro"),
    ("SELECT connectionId()", "function connectionId"),
    ("SELECT queryID()", "function queryID"),
    ("SELECT showCertificate()", "function showCertificate"),
    ("SELECT encrypt('aes-128-ecb', 'a', 'b')", "function encrypt"),
    (
        "SELECT lowCardinalityIndices(toLowCardinality('a'))",
        "function lowCardinalityIndices",
    ),
    ("SELECT _path FROM rum.errors, system.users", "system.users"),
];

/// Letters, spaces and signs that look like others: none of them is taken for what it looks like.
const LOOK_ALIKE: &[&str] = &[
    // A Cyrillic s, an e with an accent, a fullwidth f and bracket, a Kelvin sign, a dotless i, a ligature.
    "SELECT * FROM \u{455}ystem.users",
    "SELECT * FROM syst\u{435}m.users",
    "SELECT \u{ff46}ile('/etc/passwd')",
    "SELECT file\u{ff08}'/etc/passwd'\u{ff09}",
    "SELECT \u{212a}afka(1)",
    "SELECT f\u{131}le('/etc/passwd')",
    "SELECT \u{fb01}le('/etc/passwd')",
    // Spaces that are none, joiners, a mark that turns the direction, a byte order mark.
    "SELECT\u{a0}file('/etc/passwd')",
    "SELECT\u{2003}* FROM\u{2003}system.users",
    "SELECT fi\u{200b}le('/etc/passwd')",
    "SELECT fi\u{ad}le('/etc/passwd')",
    "SELECT \u{202e}file('/etc/passwd')",
    "\u{feff}SELECT * FROM system.users",
    "SELECT * FROM system\u{2024}users",
    "SELECT * FROM system\u{3002}users",
    // Quotes, dashes and slashes of typographers, and a line's end of Unicode's that ends no comment.
    "SELECT \u{2018}x\u{2019}, file('/etc/passwd')",
    "SELECT 1 \u{2014}\u{2014} comment\n, file('/etc/passwd')",
    "SELECT 1 --\u{2028}, 2\n, file('/etc/passwd')",
    "SELECT 1 --\r, 2\n, file('/etc/passwd')",
    "SELECT 1 #! comment\n, file('/etc/passwd')",
    "SELECT 'a' 'b', file('/etc/passwd')",
    "SELECT 'x\0', file('/etc/passwd')",
    "SELECT b'01', x'2f', file('/etc/passwd')",
    "SELECT $h$ $h$, file($h$/etc/passwd$h$)",
    "SELECT \"file\"('/etc/passwd'), `file`('/etc/passwd')",
    "SELECT * FROM `system\\x2eusers`",
    "SELECT * FROM \"system\\u002eusers\"",
];

#[tokio::test]
async fn no_position_lets_a_source_in() {
    let asked = Asked::start(&[]).await;
    asked.database.run("CREATE DATABASE other").await;
    let mut failures = Vec::new();
    let everywhere = POSITIONS
        .iter()
        .flat_map(|position| SOURCES.iter().map(|source| position.replace('@', source)));
    let all: Vec<String> = everywhere.chain(MADE.iter().map(|made| (*made).to_owned())).collect();
    assert!(all.len() > 400);
    let mut refused = 0;
    for statement in &all {
        let answer = asked.ask(statement).await;
        let (code, _) = answer.error();
        match (answer.status, code.as_str()) {
            (StatusCode::FORBIDDEN, "sql_refused") => refused += 1,
            // What does not even parse in that place.
            (StatusCode::BAD_REQUEST, "bad_sql") => {}
            _ => failures.push(format!("{statement}\n    is {}: {}", answer.status, answer.text)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(
        refused * 10 > all.len() * 8,
        "only {refused} of {} were understood",
        all.len()
    );
    let tables = "SELECT count() FROM system.tables WHERE database IN ('rum', 'other') AND name IN ('x', 'd', 'v')";
    assert_eq!(asked.database.number(tables).await, 0, "nothing was made");
    asked.database.stop().await;
}

#[tokio::test]
async fn formats_with_files_and_functions_of_the_machine_are_named() {
    let asked = Asked::start(&[]).await;
    for (statement, said) in SAID {
        let answer = asked.ask(statement).await;
        let (code, message) = answer.error();
        assert_eq!(
            (answer.status, code.as_str()),
            (StatusCode::FORBIDDEN, "sql_refused"),
            "{statement}: {}",
            answer.text
        );
        assert!(message.contains(said), "{statement}: {message}");
    }
    for format in [
        "Protobuf",
        "CapnProto",
        "Template",
        "Avro",
        "Parquet",
        "Native",
        "RowBinary",
        "MySQLWire",
        "../x",
        "CSV SETTINGS x = 1",
    ] {
        let answer = asked.ask_with("SELECT 1", &[("format", format)]).await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (StatusCode::BAD_REQUEST, "bad_parameter"),
            "{format}"
        );
    }
    asked.database.stop().await;
}

#[tokio::test]
async fn what_looks_alike_is_not_taken_for_it() {
    let asked = Asked::start(&[]).await;
    for statement in LOOK_ALIKE {
        let answer = asked.ask(statement).await;
        let is_refused = matches!(
            (answer.status, answer.error().0.as_str()),
            (StatusCode::FORBIDDEN, "sql_refused") | (StatusCode::BAD_REQUEST, "bad_sql")
        );
        assert!(is_refused, "{statement} is {}: {}", answer.status, answer.text);
    }
    // Comments nest, for the engine as for whoever looks: all of it is one.
    assert_eq!(
        asked.csv("SELECT 1 /* /* */ , file('/etc/passwd') /* */ */", &[]).await,
        "1"
    );
    // In texts they are texts.
    for text in ["\u{455}\u{ff46}\u{200b}\u{202e}", "\u{2028}\u{feff}"] {
        assert_eq!(asked.csv(&format!("SELECT '{text}'"), &[]).await, format!("\"{text}\""));
    }
    asked.database.stop().await;
}
