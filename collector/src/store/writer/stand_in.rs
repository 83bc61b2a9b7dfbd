//! A ClickHouse that takes and refuses inserts as a test tells it: the real one cannot be brought to these refusals.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::store::rowbinary::tests::decode;
use crate::store::{Clickhouse, Confinement, Endpoint, Table};

/// The code with which these rows of a table are refused, if they are.
type Rule = dyn Fn(Table, &[u64]) -> Option<u32> + Send + Sync;

/// One insert.
struct Insert {
    table: Table,
    /// Its rows' ordinals, in their order.
    rows: Vec<u64>,
    /// The code of its refusal.
    refused: Option<u32>,
}

struct Shared {
    rule: Mutex<Arc<Rule>>,
    inserts: Mutex<Vec<Insert>>,
}

/// It listens until the test ends.
pub(super) struct StandIn {
    shared: Arc<Shared>,
    endpoint: watch::Sender<Option<Endpoint>>,
}

impl StandIn {
    pub(super) async fn start(rule: impl Fn(Table, &[u64]) -> Option<u32> + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared {
            rule: Mutex::new(Arc::new(rule)),
            inserts: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::disable())
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let endpoint = Endpoint {
            url,
            user: "rum".into(),
            password: String::new(),
            confinement: Confinement::Grants,
        };
        Self {
            shared,
            endpoint: watch::Sender::new(Some(endpoint)),
        }
    }

    pub(super) fn clickhouse(&self) -> Clickhouse {
        Clickhouse::new(self.endpoint.subscribe())
    }

    /// Follows another rule from now on. Nothing waits for a repetition any more, as when ClickHouse has been started again.
    pub(super) fn mend(&self, rule: impl Fn(Table, &[u64]) -> Option<u32> + Send + Sync + 'static) {
        *self.shared.rule.lock().unwrap() = Arc::new(rule);
        self.endpoint.send_modify(|_| {});
    }

    /// What was tried in a table, in order: which rows, and the code of the refusal.
    pub(super) fn tries(&self, table: Table) -> Vec<(Vec<u64>, Option<u32>)> {
        let inserts = self.shared.inserts.lock().unwrap();
        let of_table = inserts.iter().filter(|insert| insert.table == table);
        of_table.map(|insert| (insert.rows.clone(), insert.refused)).collect()
    }

    /// The rows that a table has, in the order in which they came.
    pub(super) fn stored(&self, table: Table) -> Vec<u64> {
        let taken = self.tries(table).into_iter().filter(|(_, refused)| refused.is_none());
        taken.flat_map(|(rows, _)| rows).collect()
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Query(parameters): Query<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let name = parameters["query"].strip_prefix("INSERT INTO rum_data.").unwrap();
    // Of marks nothing is asked here.
    let Some(table) = Table::named(name.split(' ').next().unwrap()) else {
        return StatusCode::OK.into_response();
    };
    let rows = decode(&table.columns(), &plain(&body));
    let rows: Vec<u64> = rows.iter().map(|row| row["ordinal"].as_u64().unwrap()).collect();
    let rule = Arc::clone(&shared.rule.lock().unwrap());
    let refused = rule(table, &rows);
    shared.inserts.lock().unwrap().push(Insert { table, rows, refused });
    match refused {
        None => StatusCode::OK.into_response(),
        Some(code) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("Code: {code}. DB::Exception: as the test says"),
        )
            .into_response(),
    }
}

/// What is in ClickHouse's blocks: a checksum, a method, the length with these nine bytes, the length of what is in it, and that.
fn plain(mut blocks: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    while !blocks.is_empty() {
        let number = |at: usize| u32::from_le_bytes(blocks[at..at + 4].try_into().unwrap()) as usize;
        assert_eq!(blocks[16], 0x82, "LZ4");
        let (end, length) = (16 + number(17), number(21));
        plain.extend(lz4_flex::block::decompress(&blocks[25..end], length).unwrap());
        blocks = &blocks[end..];
    }
    plain
}
