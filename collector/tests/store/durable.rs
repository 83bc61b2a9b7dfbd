//! ClickHouse says that it has rows once they are on its disk: then the spool forgets them.

use std::collections::{BTreeMap, BTreeSet};

use rum_collector::store::{Table, migrate};

use crate::support::Database;

/// A part is synced, and its name in its folder, before an insert is answered and before merged parts go.
const SYNCS: [&str; 4] = [
    "fsync_after_insert = 1",
    "fsync_part_directory = 1",
    "min_rows_to_fsync_after_merge = 1",
    "min_compressed_bytes_to_fsync_after_merge = 1",
];

/// Tables that nothing goes into from the spool.
const OTHERS: [&str; 3] = ["alert_deliveries", "alert_transitions", "migrations"];

#[tokio::test]
async fn tables_that_the_spool_relies_on_sync_inserts_and_merges() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let created: Vec<(String, String)> = database
        .client
        .query_raw("SELECT name, create_table_query FROM system.tables WHERE database = 'rum_data'")
        .fetch_all()
        .await
        .unwrap();
    let created: BTreeMap<_, _> = created.into_iter().collect();
    let filled: BTreeSet<_> = Table::ALL.map(Table::name).into_iter().chain(["dirty_hours"]).collect();
    let known: BTreeSet<_> = filled.iter().copied().chain(OTHERS).collect();
    assert_eq!(created.keys().map(String::as_str).collect::<BTreeSet<_>>(), known);
    for table in filled {
        let (_, settings) = created[table].rsplit_once("SETTINGS ").unwrap();
        let settings: BTreeSet<_> = settings.split(", ").collect();
        for sync in SYNCS {
            assert!(settings.contains(sync), "{table} lacks {sync}: {settings:?}");
        }
    }
    database.stop().await;
}
