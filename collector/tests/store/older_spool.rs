//! A collector was updated while rows lay in its spool: they arrive, in tables that have more columns by now.

use std::fs;
use std::path::Path;

use rum_collector::store::migrate;

use crate::fixture::Store;
use crate::support::Database;

/// The columns of requests as the first release wrote them, in the header of its segments.
const REQUESTS: &str = r#"{"tables":[{"number":3,"name":"requests","columns":[
    {"name":"retention","sql_type":"UInt16"},{"name":"hour","sql_type":"DateTime('UTC')"},
    {"name":"app","sql_type":"LowCardinality(String)"},{"name":"ver","sql_type":"UInt64"},
    {"name":"ts","sql_type":"DateTime64(3, 'UTC')"},{"name":"recv_ts","sql_type":"DateTime64(3, 'UTC')"},
    {"name":"session_id","sql_type":"UInt64"},{"name":"view_id","sql_type":"UInt64"},
    {"name":"page","sql_type":"LowCardinality(String)"},{"name":"kind","sql_type":"LowCardinality(String)"},
    {"name":"ordinal","sql_type":"UInt64"},{"name":"method","sql_type":"LowCardinality(String)"},
    {"name":"url","sql_type":"String"},{"name":"host","sql_type":"LowCardinality(String)"},
    {"name":"path","sql_type":"String"},{"name":"status","sql_type":"Nullable(UInt16)"},
    {"name":"start_ms","sql_type":"Float64"},{"name":"duration_ms","sql_type":"Float32"},
    {"name":"outcome","sql_type":"LowCardinality(String)"},{"name":"release","sql_type":"LowCardinality(String)"}
]}]}"#;

const HEADER_SLOT: usize = 16 << 10;
const MAGIC: u64 = 0x5eed_5eed_5eed_5eed;

/// Bytes as that release wrote them, number by number.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn put(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    fn text(self, text: &str) -> Self {
        let length = u8::try_from(text.len()).unwrap();
        assert!(length < 0x80, "a longer length takes two bytes");
        self.put(&[length]).put(text.as_bytes())
    }

    fn checksum(self) -> Self {
        let crc = crc32c::crc32c(&self.0);
        self.put(&crc.to_le_bytes())
    }
}

/// A GET that took 150.25 ms and was answered 200.
fn row(now_ms: i64) -> Vec<u8> {
    let hour = u32::try_from(now_ms / 3_600_000 * 3_600).unwrap();
    let row = Bytes::default()
        .put(&30_u16.to_le_bytes())
        .put(&hour.to_le_bytes())
        .text("shop")
        .put(&(5_000_u64 << 32).to_le_bytes())
        .put(&now_ms.to_le_bytes())
        .put(&now_ms.to_le_bytes())
        .put(&7_u64.to_le_bytes())
        .put(&((u64::from(hour) << 32) | 9).to_le_bytes())
        .text("/cart")
        .text("fetch")
        .put(&3_u64.to_le_bytes())
        .text("GET")
        .text("https://api.example/cart")
        .text("api.example")
        .text("/cart")
        .put(&[0])
        .put(&200_u16.to_le_bytes())
        .put(&700_f64.to_le_bytes())
        .put(&150.25_f32.to_le_bytes())
        .text("ok")
        .text("2026.47");
    row.0
}

/// A segment of format 1 with one frame.
fn segment(now_ms: i64) -> Vec<u8> {
    let schema = u32::try_from(REQUESTS.len()).unwrap();
    let mut header = Bytes::default()
        .put(b"RUMSPOOL")
        .put(&1_u16.to_le_bytes())
        .put(&MAGIC.to_le_bytes())
        .put(&schema.to_le_bytes())
        .put(REQUESTS.as_bytes())
        .checksum()
        .0;
    header.resize(HEADER_SLOT, 0);
    let row = row(now_ms);
    let length = u32::try_from(row.len()).unwrap().to_le_bytes();
    let payload = Bytes::default()
        .put(&1_u64.to_le_bytes())
        .put(&now_ms.to_le_bytes())
        .put(&4_u16.to_le_bytes())
        .put(b"shop")
        // One section, of table 3, with one row.
        .put(&[1, 3, 1, 0, 0, 0])
        .put(&length)
        .put(&row)
        .0;
    let frame = Bytes::default()
        .put(&MAGIC.to_le_bytes())
        .put(&u32::try_from(payload.len()).unwrap().to_le_bytes())
        .checksum()
        .put(&crc32c::crc32c(&payload).to_le_bytes())
        .put(&payload)
        .0;
    [header.clone(), header, frame].concat()
}

fn leave_behind(spool: &Path, now_ms: i64) {
    fs::create_dir(spool).unwrap();
    fs::write(spool.join("000000000001.segment"), segment(now_ms)).unwrap();
}

#[tokio::test]
async fn rows_that_an_older_collector_left_behind_arrive() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let now_ms = jiff::Timestamp::now().as_millisecond();
    leave_behind(&database.folder().join("spool"), now_ms);
    let store = Store::start(&database);
    store.drained().await;
    let found: (String, String, f32, f32, i64) = database
        .client
        .query_raw("SELECT method, initiator, duration_ms, weight, skew_ms FROM rum.requests")
        .fetch_one()
        .await
        .unwrap();
    assert_eq!(found, ("GET".into(), "fetch".into(), 150.25, 1.0, 0));
    let health = store.spool.health();
    assert_eq!((health.damaged, health.stall()), (0, None));
    store.stop().await;
    database.stop().await;
}
