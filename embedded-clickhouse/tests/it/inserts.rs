//! Statements that bring data: whole and undamaged, or not at all.

use crate::support::{Embedded, encoded};
use clickhouse::{Row, error::Error};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;

#[derive(Debug, Clone, PartialEq, Eq, Row, Serialize, Deserialize)]
struct Pair {
    n: u64,
    text: String,
}

const TABLE: &str = "CREATE TABLE t (n UInt64, text String, made UInt64 DEFAULT n * 2) \
    ENGINE = MergeTree ORDER BY n \
    SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1";

const COUNT: &str = "SELECT count(), uniqExact(n), sum(length(text)), sum(made) FROM t";

/// Rows in RowBinary whose text is nothing but empty lines: inline, libchdb would stop at the first.
fn rows(count: u64) -> Vec<u8> {
    (0..count)
        .flat_map(|n| [&n.to_le_bytes()[..], b"\x03\n\n\n"].concat())
        .collect()
}

const ROW: usize = 12;

#[tokio::test]
async fn two_hundred_thousand_rows_of_empty_lines_arrive_whole() {
    let embedded = Embedded::start().await;
    embedded.sql(TABLE).await;
    let mut insert = embedded
        .client()
        .insert_formatted_with("INSERT INTO t (n, text) FORMAT RowBinary");
    for piece in rows(200_000).chunks(1 << 20) {
        insert.send(piece.to_vec().into()).await.unwrap();
    }
    insert.end().await.unwrap();
    assert_eq!(embedded.sql(COUNT).await, "200000\t200000\t600000\t39999800000\n");
    // The same without compression and with a length, then with the statement in the body.
    let query = format!("query={}", encoded("INSERT INTO t (n, text) FORMAT RowBinary"));
    let answer = embedded.post(&query, &rows(200_000)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(
        answer
            .header("x-clickhouse-summary")
            .unwrap()
            .contains(r#""written_rows":"200000""#)
    );
    let body = [
        b"INSERT INTO t (text, n) FORMAT CSV\n".to_vec(),
        b"\"a\n\nb\",7\n".repeat(9),
    ];
    assert_eq!(embedded.post("", &body.concat()).await.status, 200);
    assert_eq!(
        embedded.sql("SELECT count(), countIf(text = 'a\\n\\nb') FROM t").await,
        "400009\t9\n"
    );
}

#[tokio::test]
async fn the_clickhouse_crate_writes_and_reads_its_rows() {
    let embedded = Embedded::start().await;
    embedded.sql(TABLE).await;
    let client = embedded.client();
    let sent: Vec<Pair> = (0..1000)
        .map(|n| Pair {
            n,
            text: format!("row\n\n{n}\t'\\"),
        })
        .collect();
    let mut insert = client.insert::<Pair>("t").await.unwrap();
    for row in &sent {
        insert.write(row).await.unwrap();
    }
    insert.end().await.unwrap();
    let got: Vec<Pair> = client
        .query("SELECT ?fields FROM t ORDER BY n")
        .fetch_all()
        .await
        .unwrap();
    assert_eq!(got, sent);
    let error = client
        .insert_formatted_with("INSERT INTO nowhere FORMAT RowBinary")
        .buffered()
        .end()
        .await;
    // Nothing was written, so the crate sent nothing: an insert with data tells.
    assert!(error.is_ok());
    let mut insert = client.insert_formatted_with("INSERT INTO nowhere FORMAT RowBinary");
    insert.send(rows(1).into()).await.unwrap();
    let Err(Error::BadResponse(text)) = insert.end().await else {
        panic!("no error")
    };
    assert!(text.starts_with("Code: 60. DB::Exception: "), "{text}");
}

#[tokio::test]
async fn inserts_in_the_statement_and_from_a_select() {
    let embedded = Embedded::start().await;
    embedded.sql(TABLE).await;
    embedded
        .sql("INSERT INTO t (n, text) VALUES (1, 'a\n\nb'),\n\n(2, concat('x', 'y'))")
        .await;
    let values = format!("query={}", encoded("INSERT INTO t (n, text) VALUES"));
    assert_eq!(embedded.post(&values, b"(3, 'c')").await.status, 200);
    let bound = encoded("INSERT INTO t (n, text) SELECT {n:UInt64}, 'd'");
    assert_eq!(
        embedded.post(&format!("query={bound}&param_n=4"), b"").await.status,
        200
    );
    let all = "SELECT n, text, made FROM t ORDER BY n FORMAT JSONCompactEachRow";
    assert_eq!(
        embedded.sql(all).await,
        "[1, \"a\\n\\nb\", 2]\n[2, \"xy\", 4]\n[3, \"c\", 6]\n[4, \"d\", 8]\n"
    );
}

#[tokio::test]
async fn a_body_that_does_not_end_inserts_nothing() {
    let embedded = Embedded::start().await;
    embedded.sql(TABLE).await;
    let query = encoded("INSERT INTO t (n, text) FORMAT RowBinary");
    let data = rows(1000);
    // Whole rows, and then the connection ends: without the last chunk, or short of the length.
    let chunk = [format!("{:x}\r\n", 500 * ROW).as_bytes(), &data[..500 * ROW], b"\r\n"].concat();
    let length = format!("Content-Length: {}", data.len());
    for (header, body) in [
        ("Transfer-Encoding: chunked", &chunk[..]),
        (&*length, &data[..500 * ROW]),
    ] {
        let mut stream = embedded.connect().await;
        let head = embedded.head("POST", &format!("query={query}"), header);
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        let _ = tokio::io::AsyncReadExt::read_buf(&mut stream, &mut rest).await;
        assert!(!rest.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&rest));
    }
    // The crate, when an insert is dropped without its end.
    let mut insert = embedded
        .client()
        .insert_formatted_with("INSERT INTO t (n, text) FORMAT RowBinary");
    insert.send(data[..500 * ROW].to_vec().into()).await.unwrap();
    drop(insert);
    // The child has seen all those ends when it has ended itself: what is there now is all.
    let data_folder = embedded.data;
    embedded.supervisor.shutdown().await;
    let again = Embedded::start_on(data_folder).await;
    assert_eq!(again.sql("SELECT count() FROM t").await, "0\n");
}

#[tokio::test]
async fn damaged_or_unfinished_blocks_insert_nothing() {
    let embedded = Embedded::start().await;
    embedded.sql(TABLE).await;
    let query = format!(
        "decompress=1&query={}",
        encoded("INSERT INTO t (n, text) FORMAT RowBinary")
    );
    let block = compressed(&rows(100));
    let mut damaged = block.clone();
    *damaged.last_mut().unwrap() ^= 1;
    let second_damaged = [block.clone(), damaged].concat();
    embedded.post(&query, &second_damaged).await.assert_error(500, 40);
    let second_cut = [&block[..], &block[..block.len() - 1]].concat();
    embedded.post(&query, &second_cut).await.assert_error(500, 271);
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "0\n");
    assert_eq!(embedded.post(&query, &[&block[..], &block].concat()).await.status, 200);
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "200\n");
}

#[tokio::test]
async fn rows_that_do_not_parse_insert_nothing() {
    let embedded = Embedded::start().await;
    embedded.sql(TABLE).await;
    let query = format!("query={}", encoded("INSERT INTO t (n, text) FORMAT RowBinary"));
    let answer = embedded.post(&query, &rows(100_000)[..100_000 * ROW - 1]).await;
    answer.assert_error(500, 33);
    let query = format!("query={}", encoded("INSERT INTO t (n, text) FORMAT CSV"));
    embedded
        .post(&query, b"1,a\nnot a number,b\n")
        .await
        .assert_error(400, 27);
    let query = format!("query={}", encoded("INSERT INTO t (n, nothing) FORMAT CSV"));
    embedded.post(&query, b"1,a\n").await.assert_error(500, 16);
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "0\n");
}

#[tokio::test]
async fn inserts_that_would_lose_data_or_read_files_are_refused() {
    let embedded = Embedded::start().await;
    embedded.sql(TABLE).await;
    let input = "INSERT INTO t SELECT * FROM input('n UInt64, text String') FORMAT CSV\n1,a\n\n2,b\n";
    embedded.post("", input.as_bytes()).await.assert_error(501, 48);
    let file = format!(
        "query={}",
        encoded("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV")
    );
    embedded.post(&file, b"").await.assert_error(501, 48);
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "0\n");
}

#[tokio::test]
async fn settings_of_an_insert_count() {
    let embedded = Embedded::start().await;
    embedded.sql(TABLE).await;
    let insert = encoded("INSERT INTO t (n, text) FORMAT CSV");
    let body = b"1;a\n2;b\n";
    embedded
        .post(&format!("query={insert}"), body)
        .await
        .assert_error(400, 27);
    let outside = format!("query={insert}&format_csv_delimiter=%3B&async_insert=0");
    assert_eq!(embedded.post(&outside, body).await.status, 200);
    let inside = encoded("INSERT INTO t (n, text) SETTINGS format_csv_delimiter = ';' FORMAT CSV");
    let inside = embedded.post(&format!("query={inside}"), body).await;
    assert_eq!(inside.status, 200, "{}", inside.text());
    embedded
        .post(&format!("query={insert}&no_such=1"), body)
        .await
        .assert_error(404, 115);
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "4\n");
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let embedded = Embedded::start_with(|options| options.body_bytes = 3 << 20).await;
    embedded.sql(TABLE).await;
    let query = format!("query={}", encoded("INSERT INTO t (n, text) FORMAT RowBinary"));
    // Inside of the limit, and longer than what is held in memory.
    assert_eq!(embedded.post(&query, &rows(200_000)).await.status, 200);
    embedded.post(&query, &rows(300_000)).await.assert_error(413, 229);
    // So is one whose blocks are short, and long when decompressed.
    let bomb = format!("decompress=1&{query}");
    embedded
        .post(&bomb, &compressed(&rows(300_000)))
        .await
        .assert_error(413, 229);
    assert_eq!(embedded.sql("SELECT count() FROM t").await, "200000\n");
}

/// One block, as ClickHouse's clients write it.
fn compressed(plain: &[u8]) -> Vec<u8> {
    let data = lz4_flex::block::compress(plain);
    let length = u32::try_from(data.len() + 9).unwrap();
    let plain_length = u32::try_from(plain.len()).unwrap();
    let block = [&[0x82], &length.to_le_bytes()[..], &plain_length.to_le_bytes(), &data].concat();
    let sum = cityhash_rs::cityhash_102_128(&block).rotate_right(64).to_le_bytes();
    [&sum[..], &block].concat()
}
