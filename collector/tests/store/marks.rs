//! Marks of the hours that got rows: one of them an insert, until it is cleared, and no longer than there are rows.

use rum_collector::store::rows::rows;
use rum_collector::store::{Spool, SpoolOptions, Table, migrate};

use crate::fixture::{Store, Visit};
use crate::support::Database;

#[tokio::test]
async fn an_hour_is_dirty_from_its_rows_until_each_of_its_marks_is_cleared() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let store = Store::start(&database);
    let dirty = "SELECT count() FROM rum.dirty_hours WHERE app = 'shop'";
    store.append(Visit::new(1)).await;
    store.drained().await;
    assert_eq!(database.number(dirty).await, 1);
    let unmarked =
        "SELECT count() FROM rum.page_views WHERE (app, hour) NOT IN (SELECT app, hour FROM rum.dirty_hours)";
    assert_eq!(database.number(unmarked).await, 0);

    // As who has computed the hour clears what it had read before; rows that came meanwhile are marked on their own.
    database
        .run("CREATE TABLE rum_data.taken ENGINE = Memory AS SELECT retention, hour, app, mark FROM rum_data.dirty_hours")
        .await;
    store
        .append(Visit {
            late: 7_200,
            ..Visit::new(2)
        })
        .await;
    store.append(Visit::new(3)).await;
    store.drained().await;
    let clear = |marks: &str| {
        format!(
            "INSERT INTO rum_data.dirty_hours (retention, hour, app, mark, cleared) \
             SELECT retention, hour, app, mark, 1 FROM {marks}"
        )
    };
    database.run(&clear("rum_data.taken")).await;
    assert_eq!(database.number(dirty).await, 2, "both got rows since");
    database.run(&clear("rum_data.dirty_hours")).await;
    assert_eq!(database.number(dirty).await, 0);

    // A mark that cannot be written keeps its rows in the spool, and says so.
    database
        .run("RENAME TABLE rum_data.dirty_hours TO rum_data.dirty_hours_away")
        .await;
    store.append(Visit::new(4)).await;
    store
        .until(|health| {
            let stall = health.tables[Table::Views as usize - 1].stall.as_ref();
            stall.is_some_and(|stall| stall.code == Some(60) && stall.message.starts_with("its hours cannot be marked"))
        })
        .await;
    assert!(!store.spool.health().tables[Table::Views as usize - 1].drained);
    database
        .run("RENAME TABLE rum_data.dirty_hours_away TO rum_data.dirty_hours")
        .await;
    store.drained().await;
    assert_eq!(database.number(dirty).await, 1);
    assert_eq!(database.number("SELECT count() FROM rum.page_views").await, 4);
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn an_insert_marks_an_hour_once_however_many_rows_it_has() {
    const VISITS: u32 = 300;
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    // Together, so that one insert of each table has all of them.
    let spool = Spool::open(SpoolOptions::new(database.folder().join("spool"))).unwrap();
    for number in 0..VISITS {
        spool.append(rows(&Visit::new(number).batch())).await.unwrap();
    }
    drop(spool);
    let store = Store::start(&database);
    store.drained().await;
    let views = "SELECT count() FROM rum.page_views";
    assert_eq!(database.number(views).await, u64::from(VISITS));
    let of_marks = async |what: &str| {
        let statement = format!("SELECT {what} FROM rum_data.dirty_hours");
        database.number(&statement).await
    };
    let (marks, inserts) = (of_marks("count()").await, of_marks("uniqExact(mark)").await);
    // An hour may have ended meanwhile.
    let hours = of_marks("uniqExact(hour)").await;
    assert!(
        inserts < Table::ALL.len() as u64,
        "{inserts} inserts: nothing marks clock_bad"
    );
    assert!(
        marks <= inserts * hours,
        "{marks} marks by {inserts} inserts of {hours} hours"
    );
    store.stop().await;
    database.stop().await;
}

#[tokio::test]
async fn marks_go_with_the_rows_of_their_hour() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let mark = |retention: u16, age: u16| {
        let hour = format!("toStartOfHour(now()) - INTERVAL {age} DAY");
        format!("INSERT INTO rum_data.dirty_hours (retention, hour, app, mark) SELECT {retention}, {hour}, 'shop', 7")
    };
    for (retention, age) in [(30, 0), (30, 28), (30, 32), (90, 32), (90, 92)] {
        database.run(&mark(retention, age)).await;
    }
    // As ClickHouse does by itself within some hours.
    database.run("OPTIMIZE TABLE rum_data.dirty_hours FINAL").await;
    let left = |what: &str| format!("SELECT count() FROM rum_data.dirty_hours WHERE {what}");
    assert_eq!(database.number(&left("retention = 30")).await, 2);
    assert_eq!(database.number(&left("retention = 90")).await, 1);
    database.stop().await;
}

#[tokio::test]
async fn marks_of_an_hour_that_gets_no_more_rows_become_one() {
    let database = Database::start().await;
    migrate(&database.clickhouse).await.unwrap();
    let now = jiff::Timestamp::now().as_second() / 3_600 * 3_600;
    let hour = |age: i64| format!("toDateTime({}, 'UTC')", now - age * 3_600);
    let mark = |age: i64, marks: &str, cleared: u8| {
        let hour = hour(age);
        format!(
            "INSERT INTO rum_data.dirty_hours (retention, hour, app, mark, cleared) \
             SELECT 30, {hour}, 'shop', cityHash64(number), {cleared} FROM numbers({marks})"
        )
    };
    // Until each day is one part: of some of its parts alone a merge would make one of marks whose clearing is in another.
    database.run("SYSTEM STOP TTL MERGES rum_data.dirty_hours").await;
    // Of four hours: one that may still get rows, an old one, an old one of which some were cleared, and one of which all were.
    for (age, marks, cleared) in [
        (48, "1, 50", 0),
        (100, "1, 50", 0),
        (100, "40, 50", 0),
        (101, "1, 50", 0),
        (101, "1, 20", 1),
        (102, "1, 50", 0),
        (102, "1, 50", 1),
    ] {
        database.run(&mark(age, marks, cleared)).await;
    }
    database.run("OPTIMIZE TABLE rum_data.dirty_hours FINAL").await;
    database.run("SYSTEM START TTL MERGES rum_data.dirty_hours").await;
    // As ClickHouse does by itself within some hours.
    database.run("OPTIMIZE TABLE rum_data.dirty_hours FINAL").await;
    let of = |age: i64, what: &str| format!("SELECT {what} FROM rum_data.dirty_hours WHERE hour = {}", hour(age));
    for (age, marks, dirty) in [(48, 50, 50), (100, 1, 1), (101, 1, 1), (102, 1, 0)] {
        assert_eq!(database.number(&of(age, "count()")).await, marks, "{age}");
        assert_eq!(database.number(&of(age, "countIf(cleared = 0)")).await, dirty, "{age}");
    }
    // Who has taken the marks of before clears them now: what became of them, and may stand for others, too, is not among them.
    database.run(&mark(100, "1, 89", 1)).await;
    let dirty = format!("SELECT count() FROM rum.dirty_hours WHERE hour = {}", hour(100));
    assert_eq!(database.number(&dirty).await, 1);
    database.stop().await;
}
