//! What is refused, and what is no single statement: whoever asks it gets past no wall.

use std::path::Path;

use http::StatusCode;

use crate::Asked;

/// What is refused, and a part of what is said of it.
const REFUSED: &[(&str, &str)] = &[
    // files
    (
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "table function file",
    ),
    (
        "SELECT * FROM FILE('/etc/passwd', 'LineAsString')",
        "table function FILE",
    ),
    ("SELECT file('/etc/passwd')", "function file"),
    ("SELECT File('/etc/passwd')", "function File"),
    ("SELECT `file`('/etc/passwd')", "function file"),
    ("SELECT \"file\"('/etc/passwd')", "function file"),
    ("SELECT/**/file/**/(/*'*/'/etc/passwd'/*'*/)", "function file"),
    ("SELECT 1 -- '\n, file('/etc/passwd') -- '", "function file"),
    ("SELECT $a$ ' $a$, file('/etc/passwd'), $a$ ' $a$", "function file"),
    ("SELECT '\\'', file('/etc/passwd'), '\\''", "function file"),
    ("WITH file('/etc/passwd') AS x SELECT x", "function file"),
    ("WITH (SELECT file('/etc/passwd')) AS x SELECT x", "function file"),
    ("SELECT arrayMap(x -> file(x), ['/etc/passwd'])", "function file"),
    ("SELECT 1 ORDER BY file('/etc/passwd')", "function file"),
    ("SELECT 1 GROUP BY file('/etc/passwd')", "function file"),
    ("SELECT 1 LIMIT length(file('/etc/passwd'))", "function file"),
    ("SELECT sum(1) OVER (PARTITION BY file('/etc/passwd'))", "function file"),
    (
        "SELECT sum(1) OVER w WINDOW w AS (ORDER BY file('/etc/passwd'))",
        "function file",
    ),
    (
        "SELECT n FROM (SELECT 1 AS n) ORDER BY n WITH FILL TO length(file('/etc/passwd'))",
        "function file",
    ),
    (
        "SELECT * REPLACE (file(dummy) AS dummy) FROM system.one",
        "function file",
    ),
    ("SELECT * APPLY(x -> file('/etc/passwd')) FROM system.one", "APPLY"),
    ("SELECT * APPLY(file) FROM system.one", "APPLY"),
    ("SELECT COLUMNS('dummy') APPLY file FROM system.one", "APPLY"),
    ("SELECT countIf(file('/etc/passwd') != '')", "function file"),
    (
        "SELECT count() FILTER (WHERE file('/etc/passwd') != '')",
        "function file",
    ),
    (
        "SELECT 1 FROM rum.errors ARRAY JOIN [file('/etc/passwd')] AS x",
        "function file",
    ),
    (
        "SELECT 1 FROM rum.errors AS a JOIN rum.errors AS b ON a.app = file('/etc/passwd')",
        "function file",
    ),
    ("SELECT 1 UNION ALL SELECT file('/etc/passwd')", "function file"),
    ("SELECT 1 EXCEPT SELECT file('/etc/passwd')", "function file"),
    ("SELECT 1 IN (SELECT file('/etc/passwd'))", "function file"),
    (
        "SELECT * FROM (SELECT * FROM (SELECT * FROM file('/etc/passwd')))",
        "table function file",
    ),
    ("SELECT * FROM '/etc/passwd'", "the table /etc/passwd"),
    ("SELECT * FROM `/etc/passwd.csv`", "the table /etc/passwd.csv"),
    ("SELECT * FROM sqlite('/etc/x.db', 't')", "table function sqlite"),
    (
        "SELECT * FROM executable('x.sh', TSV, 'a String')",
        "table function executable",
    ),
    ("SELECT * FROM filesystem('/etc')", "table function filesystem"),
    ("SELECT * FROM input('a String')", "table function input"),
    (
        "SELECT * FROM mergeTreeIndex('rum_data', 'views')",
        "table function mergeTreeIndex",
    ),
    ("SELECT 1 INTO OUTFILE '/tmp/x.csv'", "INTO OUTFILE"),
    (
        "SELECT 1 INTO/**/OUTFILE '/tmp/x.csv' TRUNCATE FORMAT CSV",
        "INTO OUTFILE",
    ),
    ("(SELECT 1) INTO OUTFILE 'metadata/x.sql'", "INTO OUTFILE"),
    ("SELECT 1 UNION ALL SELECT 2 INTO OUTFILE 'x'", "INTO OUTFILE"),
    ("SELECT 1 FORMAT Null", "FORMAT"),
    // network
    (
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
        "table function url",
    ),
    (
        "SELECT * FROM remote('127.0.0.1:9000', system.one)",
        "table function remote",
    ),
    (
        "SELECT * FROM remoteSecure('127.0.0.1:9000', system.one)",
        "table function remoteSecure",
    ),
    ("SELECT * FROM cluster('default', system.one)", "table function cluster"),
    ("SELECT * FROM s3('http://127.0.0.1:1/b/x.csv')", "table function s3"),
    (
        "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "table function mysql",
    ),
    (
        "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
        "table function postgresql",
    ),
    (
        "SELECT * FROM iceberg('http://127.0.0.1:1/x')",
        "table function iceberg",
    ),
    ("SELECT aiGenerate('x', 'y')", "function aiGenerate"),
    // other tables and databases
    ("SELECT * FROM system.users", "system.users"),
    ("SELECT * FROM system . users", "system.users"),
    ("SELECT * FROM `system`.`tables`", "system.tables"),
    ("SELECT * FROM \"system\".\"processes\"", "system.processes"),
    ("SELECT * FROM system.settings", "system.settings"),
    ("SELECT * FROM system.parts", "system.parts"),
    ("SELECT * FROM SYSTEM.TABLES", "SYSTEM.TABLES"),
    ("SELECT * FROM information_schema.tables", "information_schema.tables"),
    ("SELECT * FROM INFORMATION_SCHEMA.TABLES", "INFORMATION_SCHEMA.TABLES"),
    ("SELECT * FROM default.secrets", "default.secrets"),
    ("SELECT * FROM other.secrets", "other.secrets"),
    ("SELECT 1 IN other.secrets", "other.secrets"),
    ("SELECT 1 NOT IN system.users", "system.users"),
    ("SELECT 1 GLOBAL IN system.users", "system.users"),
    (
        "SELECT * FROM rum.errors JOIN other.secrets USING (app)",
        "other.secrets",
    ),
    ("SELECT (SELECT count() FROM other.secrets)", "other.secrets"),
    ("SELECT * FROM other.secrets(x = 1)", "table function other.secrets"),
    (
        "SELECT * FROM before_error(view_id = file('/etc/passwd'), ordinal = 1)",
        "function",
    ),
    (
        "SELECT * FROM rum.before_error(view_id = file('/etc/passwd'), ordinal = 1)",
        "function file",
    ),
    ("SELECT * FROM merge('other', '.*')", "table function merge"),
    ("SELECT * FROM merge(REGEXP('.*'), 'secrets')", "table function merge"),
    ("SELECT * FROM view(SELECT 1)", "table function view"),
    ("SELECT * FROM loop(other.secrets)", "table function loop"),
    ("SELECT * FROM dictionary('other.d')", "table function dictionary"),
    ("SELECT dictGet('other.d', 'x', 1)", "function dictGet"),
    ("SELECT joinGet('other.j', 'x', 1)", "function joinGet"),
    (
        "SELECT hasColumnInTable('other', 'secrets', 'x')",
        "function hasColumnInTable",
    ),
    ("SELECT * FROM (EXPLAIN AST SELECT 1)", "table function viewExplain"),
    ("SELECT 1 AS `a\n TableIdentifier rum.errors`", "names with"),
    ("SELECT 1 AS `x (children 3)\n Set`", "names with"),
    // writes
    ("INSERT INTO rum_data.views (app) VALUES ('x')", "INSERT"),
    ("INSERT INTO rum_data.views SELECT * FROM rum_data.views", "INSERT"),
    ("INSERT INTO FUNCTION file('x.csv') SELECT 1", "INSERT"),
    ("CREATE TABLE rum.x (a UInt8) ENGINE = Memory", "only SELECT"),
    ("CREATE DATABASE x", "only SELECT"),
    ("CREATE FUNCTION f AS x -> x", "only SELECT"),
    ("CREATE TEMPORARY TABLE x (a UInt8)", "only SELECT"),
    ("DROP TABLE rum_data.views", "only SELECT"),
    ("TRUNCATE TABLE rum_data.views", "only SELECT"),
    ("ALTER TABLE rum_data.views DELETE WHERE 1", "only SELECT"),
    ("DELETE FROM rum_data.views WHERE 1", "only SELECT"),
    ("UPDATE rum_data.views SET app = 'x' WHERE 1", "only SELECT"),
    ("RENAME TABLE rum_data.views TO rum_data.x", "only SELECT"),
    ("OPTIMIZE TABLE rum_data.views FINAL", "only SELECT"),
    ("ATTACH TABLE rum_data.x", "only SELECT"),
    ("DETACH TABLE rum_data.views", "only SELECT"),
    ("SYSTEM SHUTDOWN", "only SELECT"),
    ("SYSTEM FLUSH LOGS", "only SELECT"),
    ("KILL QUERY WHERE 1", "only SELECT"),
    ("BACKUP DATABASE rum TO File('/tmp/x')", "only SELECT"),
    ("GRANT ALL ON *.* TO default", "only SELECT"),
    ("USE system", "only SELECT"),
    ("SHOW TABLES FROM system", "only SELECT"),
    ("SHOW CREATE TABLE rum_data.views", "only SELECT"),
    ("DESCRIBE TABLE rum_data.views", "only SELECT"),
    ("DESCRIBE TABLE file('/etc/passwd')", "only SELECT"),
    ("EXPLAIN SELECT 1", "only SELECT"),
    ("EXISTS TABLE rum_data.views", "only SELECT"),
    ("CHECK TABLE rum_data.views", "only SELECT"),
    ("EXECUTE AS default SELECT 1", "only SELECT"),
    ("SELECT 1 PARALLEL WITH SELECT 2", "only SELECT"),
    // settings
    ("SET readonly = 0", "only SELECT"),
    ("SET max_execution_time = 0", "only SELECT"),
    ("SELECT 1 SETTINGS max_execution_time = 0", "SETTINGS"),
    ("SELECT 1 SETTINGS/**/readonly = 0", "SETTINGS"),
    ("SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)", "SETTINGS"),
    ("SELECT getSetting('readonly')", "function getSetting"),
    ("SELECT getServerSetting('path')", "function getServerSetting"),
    // the machine, and waiting
    ("SELECT sleep(3)", "function sleep"),
    ("SELECT SLEEP(3)", "function SLEEP"),
    ("SELECT sleepEachRow(1) FROM numbers(10)", "function sleepEachRow"),
    ("SELECT hostName()", "function hostName"),
    ("SELECT version()", "function version"),
    ("SELECT currentUser()", "function currentUser"),
    ("SELECT addressToLine(1)", "function addressToLine"),
    ("SELECT logTrace('x')", "function logTrace"),
    ("SELECT arrayReduce('aggThrow(1)', [1])", "function arrayReduce"),
    ("SELECT throwIf(1)", "function throwIf"),
    ("SELECT filesystemAvailable()", "function filesystemAvailable"),
    ("SELECT catboostEvaluate('/etc/passwd', 1)", "function catboostEvaluate"),
    ("SELECT formatRow('CSV', 1)", "function formatRow"),
    (
        "SELECT getClientHTTPHeader('Authorization')",
        "function getClientHTTPHeader",
    ),
    (
        "SELECT finalizeAggregation(CAST('x', 'AggregateFunction(sum, UInt8)'))",
        "AggregateFunction",
    ),
    // A name in a type may be quoted, with escapes.
    (
        r"SELECT finalizeAggregation(CAST('abcdefgh', '`Aggregate\\x46unction`(sum, UInt64)'))",
        "the type",
    ),
    (
        r#"SELECT finalizeAggregation(CAST('abcdefgh', '"Aggregate\\x46unction"(sum, UInt64)'))"#,
        "the type",
    ),
    // What SQL says without brackets.
    ("SELECT user", "user"),
    ("SELECT currentDatabase", "currentDatabase"),
    // The square of a length in one step.
    ("SELECT extractAll(repeat('a', 9), 'a(?:.*b)?')", "extractAll"),
    ("SELECT hasAny(range(9), range(9))", "hasAny"),
    (
        "SELECT b FROM VALUES('a UInt8, b String ALIAS hostName()', 1)",
        "table function VALUES",
    ),
    (
        "SELECT b FROM values('a UInt8, b String ALIAS file(\\'x\\')', 1)",
        "table function values",
    ),
    (
        "SELECT CAST('x', concat('Aggregate', 'Function(sum, UInt8)'))",
        "types are written out",
    ),
    (
        "SELECT accurateCastOrNull('x', concat('Aggregate', 'Function(sum, UInt8)'))",
        "types are written out",
    ),
    (
        "SELECT JSONExtract('{}', 'a', 'AggregateFunction(sum, UInt8)')",
        "AggregateFunction",
    ),
    ("SELECT {x:AggregateFunction(sum, UInt8)}", "AggregateFunction"),
    (
        "SELECT CAST(unhex('00') AS Array(AggregateFunction(uniq, UInt8)))",
        "AggregateFunction",
    ),
];

/// What is no single statement.
const WRONG: &[&str] = &[
    "SELECT * FROM (SHOW TABLES FROM other)",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE rum_data.views",
    "SELECT 1;\n\n;DROP TABLE rum_data.views",
    "SELECT 1; -- \n SELECT file('/etc/passwd')",
    "SELECT /* ; */ 1 ; INSERT INTO rum_data.views (app) VALUES ('x')",
    "graph = 1 SELECT 1",
    "optimize = 1 SELECT 1",
    "AST SELECT 1",
    "SELECT",
    "1",
    "SELECT 'open",
    "SELECT /* open",
    "SELECT pgae FROM rum.page_views",
    "SELECT * FROM rum.nothing",
    "SELECT {x:UInt8}",
];

#[tokio::test]
async fn nobody_gets_past_the_walls() {
    let asked = Asked::start(&[]).await;
    asked.database.run("CREATE DATABASE other").await;
    asked
        .database
        .run("CREATE TABLE other.secrets (app String) ENGINE = MergeTree ORDER BY app")
        .await;
    asked.database.run("INSERT INTO other.secrets VALUES ('geheim')").await;
    let mut failures = Vec::new();
    for (statement, said) in REFUSED {
        let answer = asked.ask(statement).await;
        let (code, message) = answer.error();
        let right = answer.status == StatusCode::FORBIDDEN && code == "sql_refused" && message.contains(said);
        if !right {
            failures.push(format!("{statement}\n    is {}: {}", answer.status, answer.text));
        }
    }
    for statement in WRONG {
        let answer = asked.ask(statement).await;
        if answer.status != StatusCode::BAD_REQUEST || answer.error().0 != "bad_sql" {
            failures.push(format!("{statement}\n    is {}: {}", answer.status, answer.text));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(REFUSED.len() + WRONG.len() > 100);
    assert_eq!(
        asked.database.number("SELECT count() FROM other.secrets").await,
        1,
        "nothing was written"
    );
    assert!(!Path::new("/tmp/x.csv").exists());
    asked.database.stop().await;
}

#[tokio::test]
async fn parameters_are_values_and_never_statements() {
    let asked = Asked::start(&[]).await;
    asked.database.run("CREATE DATABASE other").await;
    asked
        .database
        .run("CREATE TABLE other.secrets (app String) ENGINE = Memory")
        .await;
    for (statement, parameters, expected) in [
        ("SELECT {x:UInt8} + 1", &[("param_x", "41")][..], "42"),
        (
            "SELECT {x:String}",
            &[("param_x", "a'); DROP TABLE x; --")],
            r#""a'); DROP TABLE x; --""#,
        ),
        ("SELECT length({x:String})", &[("param_x", "a\tb\\n\nc")], "7"),
        ("SELECT {x:Array(String)}[2]", &[("param_x", "['a', 'b']")], "\"b\""),
        (
            "SELECT {x:String} = {y:String}",
            &[("param_x", "1"), ("param_y", "1")],
            "1",
        ),
        ("SELECT count() FROM {t:Identifier}", &[("param_t", "page_views")], "0"),
    ] {
        assert_eq!(asked.csv(statement, parameters).await, expected, "{statement}");
    }
    for (statement, parameters) in [
        (
            "SELECT * FROM {d:Identifier}.{t:Identifier}",
            &[("param_d", "system"), ("param_t", "users")][..],
        ),
        ("SELECT * FROM other.{t:Identifier}", &[("param_t", "secrets")]),
        ("SELECT 1 IN {t:Identifier}", &[("param_t", "other.secrets")]),
        ("SELECT 1 AS x, {t:Identifier}", &[("param_t", "x\n Set")]),
    ] {
        let answer = asked.ask_with(statement, parameters).await;
        assert!(!answer.status.is_success(), "{statement}: {}", answer.text);
    }
    for name in [
        "readonly",
        "query",
        "param_",
        "param_a b",
        "user",
        "database",
        "max_execution_time",
    ] {
        let answer = asked.ask_with("SELECT 1", &[(name, "0")]).await;
        assert_eq!(
            (answer.status, answer.error().0.as_str()),
            (StatusCode::BAD_REQUEST, "bad_parameter"),
            "{name}"
        );
    }
    asked.database.stop().await;
}
