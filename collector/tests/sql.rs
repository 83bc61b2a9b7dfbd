//! `/v1/sql` with the real embedded ClickHouse, which is confined by the kernel: what is answered, and what is not.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

#[expect(dead_code, reason = "the other tests kill it and look inside; this one asks it")]
mod support;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use rum_collector::config::{Config, TokenHash};
use rum_collector::run::Collector;
use rum_collector::store;
use serde_json::Value as Json;
use support::Database;
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use url::form_urlencoded::Serializer;

const TOKEN: &str = "rum_of_the_test";

/// A collector that answers `/v1/sql` from a real ClickHouse.
struct Asked {
    database: Database,
    router: Router,
}

struct Answer {
    status: StatusCode,
    text: String,
    /// The body came to its end.
    whole: bool,
}

impl Answer {
    fn error(&self) -> (String, String) {
        let json: Json = serde_json::from_str(&self.text).unwrap_or_default();
        let text = |name: &str| json["error"][name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("message"))
    }
}

impl Asked {
    async fn start(limits: &[(&str, &str)]) -> Self {
        let database = Database::start().await;
        // A test of the walls that has none would prove nothing: it fails, and says why.
        if let Some(store::Confinement::Nothing { reason }) = database
            .endpoint()
            .borrow()
            .as_ref()
            .map(|endpoint| endpoint.confinement.clone())
        {
            panic!("these tests need a kernel with landlock and seccomp, and could not run: {reason}");
        }
        store::migrate(&database.clickhouse).await.unwrap();
        let router = router(&database, limits);
        Self { database, router }
    }

    async fn ask(&self, statement: &str) -> Answer {
        self.ask_with(statement, &[]).await
    }

    async fn ask_with(&self, statement: &str, parameters: &[(&str, &str)]) -> Answer {
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        let request = Request::post(format!("/v1/sql?{query}"))
            .header("authorization", format!("Bearer {TOKEN}"))
            .body(Body::from(statement.to_owned()))
            .unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let mut body = answer.into_body();
        let (mut bytes, mut whole) = (Vec::new(), true);
        while let Some(frame) = body.frame().await {
            match frame {
                Ok(frame) => bytes.extend_from_slice(&frame.into_data().unwrap()),
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        Answer {
            status,
            text: String::from_utf8(bytes).unwrap(),
            whole,
        }
    }

    /// What the statement gives, as CSV without the line of names.
    async fn csv(&self, statement: &str, parameters: &[(&str, &str)]) -> String {
        let answer = self
            .ask_with(statement, &[&[("format", "csv")], parameters].concat())
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{statement}\n{}", answer.text);
        answer.text.split_once('\n').unwrap().1.trim_end().to_owned()
    }
}

fn router(database: &Database, limits: &[(&str, &str)]) -> Router {
    let data = tempfile::tempdir_in(database.folder()).unwrap();
    let tokens = format!(
        r#"[{{name = "test", hash = "{}", scopes = ["read"], apps = ["*"]}}]"#,
        TokenHash::of(TOKEN)
    );
    let own = [("RUM_DATA", data.path().to_str().unwrap()), ("RUM_TOKENS", &tokens)];
    let environment = own
        .iter()
        .chain(limits)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let config = Config::load(None, environment).unwrap();
    Collector::open(&config, database.endpoint()).unwrap().router()
}

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

#[tokio::test]
async fn what_people_ask_is_answered() {
    let asked = Asked::start(&[]).await;
    for (statement, expected) in [
        ("SELECT 1", "1"),
        ("select count() from page_views;", "0"),
        ("WITH 2 AS x SELECT x * 3 -- a comment", "6"),
        ("SELECT 'file(1); -- $a$' AS `p 75`", "\"file(1); -- $a$\""),
        ("SELECT sum(number) FROM numbers(10)", "45"),
        (
            "SELECT max(x) FROM (SELECT arrayJoin([1, 2, 3]) AS x) WHERE x IN (SELECT 2)",
            "2",
        ),
        ("SELECT count() > 100 FROM system.columns WHERE database = 'rum'", "1"),
        ("SELECT * FROM (VALUES (7))", "7"),
        ("SELECT COLUMNS('dummy') FROM system.one", "0"),
        (
            "SELECT quantilesTDigestIf(0.5)(number, number > 2) FROM numbers(5)",
            "\"[3]\"",
        ),
        ("SELECT number FROM numbers(3) ORDER BY number DESC LIMIT 1", "2"),
        (
            "WITH t AS (SELECT 5 AS a) SELECT a FROM t WHERE a IN (SELECT a FROM t)",
            "5",
        ),
        (
            "SELECT toStartOfHour(toDateTime('2026-11-22 10:20:30', 'UTC')) + INTERVAL 1 DAY",
            "\"2026-11-23 10:00:00\"",
        ),
    ] {
        assert_eq!(asked.csv(statement, &[]).await, expected, "{statement}");
    }
    for (format, expected) in [
        ("csv", "\"a\"\n1\n"),
        ("JSONEachRow", "{\"a\":1}\n"),
        ("table", "┌─a─┐\n1. │ 1 │\n"),
        ("JSON", "\"data\""),
    ] {
        let answer = asked.ask_with("SELECT 1 AS a", &[("format", format)]).await;
        assert_eq!(answer.status, StatusCode::OK);
        let text = answer.text.replace("   ┌", "┌");
        assert!(text.contains(expected), "{format}: {text}");
    }
    let answer = asked.ask_with("SELECT 1", &[("format", "Native")]).await;
    assert_eq!(answer.error().0, "bad_parameter");
    asked.database.stop().await;
}

#[tokio::test]
async fn documented_questions_pass_the_walls() {
    let asked = Asked::start(&[]).await;
    for (file, count) in [("README.md", 10), ("docs/questions.md", 5), ("docs/errors.md", 5)] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = fs::read_to_string(path).unwrap();
        let questions: Vec<_> = text
            .split("```sql\n")
            .skip(1)
            .filter_map(|rest| rest.split("```").next())
            .collect();
        assert_eq!(questions.len(), count, "{file}");
        for question in questions {
            let answer = asked.ask(question).await;
            assert_eq!(answer.status, StatusCode::OK, "{question}\n{}", answer.text);
        }
    }
    asked.database.stop().await;
}

#[tokio::test]
async fn limits_hold() {
    let limits = [
        ("RUM_SQL_TIME", "1s"),
        ("RUM_SQL_RESULT_ROWS", "100000"),
        ("RUM_SQL_ANSWER_BYTES", "4 MiB"),
        ("RUM_SQL_READ_BYTES", "1 GiB"),
        ("RUM_SQL_MEMORY_BYTES", "64 MiB"),
    ];
    let asked = Asked::start(&limits).await;
    for (statement, said) in [
        ("SELECT sum(cityHash64(number)) FROM numbers(100000000000)", ""),
        (
            "SELECT sum(sipHash64(sipHash64(a.number + b.number))) FROM numbers(10000000) AS a CROSS JOIN numbers(100000) AS b",
            "",
        ),
        ("SELECT number FROM system.numbers", ""),
        ("SELECT number FROM numbers(100001)", "rows"),
        ("SELECT groupArray(number) FROM numbers(30000000)", "memory"),
        ("SELECT repeat('x', 100000000)", ""),
    ] {
        let began = Instant::now();
        let answer = asked.ask(statement).await;
        let (code, message) = answer.error();
        assert_eq!(
            (answer.status, code.as_str()),
            (StatusCode::BAD_REQUEST, "sql_over_limit"),
            "{statement}\n{}",
            answer.text
        );
        assert!(message.contains(said), "{statement}: {message}");
        assert!(
            began.elapsed() < Duration::from_secs(10),
            "{statement} took {:?}",
            began.elapsed()
        );
    }
    // Longer as text than ClickHouse counts it: the cut is here, and the body is broken off.
    let answer = asked
        .ask_with(
            "SELECT number, number, number, number FROM numbers(99999)",
            &[("format", "jsoneachrow")],
        )
        .await;
    assert!(
        answer.status.is_success() && !answer.whole,
        "{} bytes came",
        answer.text.len()
    );
    assert!(answer.text.len() <= 4 << 20);
    let long = format!("SELECT '{}'", "x".repeat(70_000));
    assert_eq!(asked.ask(&long).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let deep = format!("SELECT {}1{}", "(".repeat(20_000), ")".repeat(20_000));
    assert_eq!(asked.ask(&deep).await.status, StatusCode::BAD_REQUEST);
    let wide = format!("SELECT {}", ["1"; 20_000].join(","));
    assert_eq!(asked.ask(&wide).await.error().0, "sql_over_limit");
    // Nothing of it has hurt.
    assert_eq!(asked.csv("SELECT 1", &[]).await, "1");
    asked.database.stop().await;
}

#[tokio::test]
async fn an_error_tells_neither_version_nor_folders() {
    let asked = Asked::start(&[]).await;
    let answer = asked.ask("SELECT pgae FROM rum.page_views").await;
    let (code, message) = answer.error();
    assert_eq!(code, "bad_sql");
    assert!(message.contains("`pgae`") && !message.contains("version"), "{message}");
    asked.database.stop().await;
}

#[tokio::test]
async fn without_a_database_it_says_so() {
    let asked = Asked::start(&[]).await;
    let Asked { database, router } = asked;
    database.stop().await;
    let request = Request::post("/v1/sql").header("authorization", format!("Bearer {TOKEN}"));
    let answer = router
        .oneshot(request.body(Body::from("SELECT 1")).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
}

/// Where ClickHouse may do what its user may, nobody is let in, and is told why.
#[tokio::test]
async fn without_walls_nothing_is_run() {
    let database = Database::start().await;
    let mut endpoint = database.endpoint().borrow().clone().unwrap();
    let reason = "this kernel has no landlock".to_owned();
    endpoint.confinement = store::Confinement::Nothing { reason };
    let (_keep, endpoints) = tokio::sync::watch::channel(Some(endpoint));
    let tokens = format!(
        r#"[{{name = "test", hash = "{}", scopes = ["read"], apps = ["*"]}}]"#,
        TokenHash::of(TOKEN)
    );
    let data = database.folder().join("front");
    let environment = [("RUM_DATA", data.to_str().unwrap()), ("RUM_TOKENS", &tokens)];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let router = Collector::open(&Config::load(None, environment).unwrap(), endpoints)
        .unwrap()
        .router();
    let asked = Asked { database, router };
    let answer = asked.ask("SELECT 1").await;
    let (code, message) = answer.error();
    assert_eq!(
        (answer.status, code.as_str()),
        (StatusCode::FORBIDDEN, "sql_unconfined")
    );
    assert!(message.contains("no landlock"), "{message}");
    asked.database.stop().await;
}

#[tokio::test]
async fn a_server_without_a_user_for_reading_is_not_asked() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let tokens = format!(
        r#"[{{name = "test", hash = "{}", scopes = ["read"], apps = ["*"]}}]"#,
        TokenHash::of(TOKEN)
    );
    let environment = [
        ("RUM_DATA", folder.path().to_str().unwrap()),
        ("RUM_TOKENS", &tokens),
        ("RUM_CLICKHOUSE_URL", &url),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (_keep, endpoints) = tokio::sync::watch::channel(None);
    let router = Collector::open(&Config::load(None, environment).unwrap(), endpoints)
        .unwrap()
        .router();
    let request = Request::post("/v1/sql").header("authorization", format!("Bearer {TOKEN}"));
    let answer = router
        .oneshot(request.body(Body::from("SELECT 1")).unwrap())
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let json: Json = serde_json::from_slice(&body).unwrap();
    assert_eq!(json["error"]["code"], "sql_unconfined");
    assert!(
        json["error"]["message"].as_str().unwrap().contains("read_user"),
        "{json}"
    );
}

/// What docs/operating.md has a server do is SQL, as far as an engine without users can tell.
#[tokio::test]
async fn documented_statements_for_a_server_are_sql() {
    let database = Database::start().await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/operating.md");
    let text = fs::read_to_string(path).unwrap();
    let blocks = text
        .split("```text\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let statements: Vec<_> = blocks
        .filter(|block| block.starts_with("CREATE "))
        .flat_map(|block| block.split(";\n"))
        .filter(|statement| !statement.trim().is_empty())
        .collect();
    assert_eq!(statements.len(), 6, "{statements:#?}");
    for statement in statements {
        let parsed = database
            .client
            .query_raw("SELECT formatQuery({s:String})")
            .param("s", statement);
        let parsed = parsed.fetch_one::<String>().await;
        assert!(parsed.is_ok(), "{statement}\n{}", parsed.unwrap_err());
    }
    database.stop().await;
}

/// The embedded ClickHouse has no users with few rights: its one user has too many of them all.
#[tokio::test]
async fn a_user_with_all_rights_has_more_than_it_needs() {
    let database = Database::start().await;
    let excess = store::grants::excess(&database.clickhouse).await.unwrap().join("\n");
    for said in [
        "has more than it needs: GRANT",
        "readonly = 2",
        "max_execution_time",
        "max_memory_usage",
    ] {
        assert!(excess.contains(said), "{said} is not in\n{excess}");
    }
    database.stop().await;
}
