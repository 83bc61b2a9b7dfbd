//! `rum-collector spool`: what it says of a spool is so, and what it has inserted again counts once.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use anyhow::{Context as _, Result};
use rum_tests::collector::{Place, Store};
use rum_tests::traffic::Book;
use serde_json::{Value, json};

const VISITS: usize = 20;
/// Rows that a visit has in each table of the spool.
const ROWS: [(&str, usize); 9] = [
    ("views", 1),
    ("vitals", 2),
    // A resource among them.
    ("requests", 4),
    ("errors", 1),
    ("actions", 1),
    ("clock_bad", 0),
    ("long_frames", 1),
    ("timings", 2),
    ("logs", 0),
];
/// Where the first frame of a segment begins, and how long a frame is without its payload: the format in
/// `collector/src/store/segment.rs`.
const FIRST_FRAME: usize = 32_768;
const FRAME_HEADER: usize = 20;

#[tokio::test]
async fn a_flipped_byte_is_named_and_the_list_agrees_with_what_was_sent() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::nowhere()).await?;
    let mut book = Book::default();
    for _ in 0..VISITS {
        book.send(&collector.sender()).await?;
    }
    assert_eq!(book.acknowledged(), VISITS);

    // While it runs, and after it has ended.
    let list = place.list(&["spool", "ls"]).await?;
    assert_eq!(behind(&list), rows(VISITS));
    assert!(said(&place.command(&["spool", "verify"]).await?, 0).contains("20 frames, 240 rows: nothing is damaged"));
    assert!(collector.terminate().await?.success());
    let list = place.list(&["spool", "ls"]).await?;
    assert_eq!(behind(&list), rows(VISITS));
    let [segment] = list["segments"].as_array().context("no segments")?.as_slice() else {
        panic!("{list}")
    };
    let file = file(&place, segment)?;
    let mut bytes = fs::read(&file)?;
    let of_it = [&segment["bytes"], &segment["frames"], &segment["damaged"]];
    assert_eq!(of_it, [&json!(bytes.len()), &json!(VISITS), &json!(0)], "{segment}");

    // One bit in the middle of the fifth frame's payload.
    let (offset, length) = frame(&bytes, 4)?;
    bytes[offset + length / 2] ^= 4;
    fs::write(&file, &bytes)?;
    let text = said(&place.command(&["spool", "verify"]).await?, 1);
    let line = text.lines().nth(1).context("no damage")?;
    let words: Vec<_> = line.split_whitespace().take(3).collect();
    let name = file.file_name().and_then(|name| name.to_str()).context("no name")?;
    assert_eq!(words, [name, &offset.to_string(), &length.to_string()], "{text}");
    assert!(text.ends_with("19 frames, 228 rows: 1 damaged place\n"), "{text}");
    let list = place.list(&["spool", "ls"]).await?;
    assert_eq!(behind(&list), rows(VISITS - 1));
    assert_eq!(
        (&list["damage"][0]["offset"], &list["damage"][0]["what"]),
        (&json!(offset), &json!("frame"))
    );
    Ok(())
}

#[tokio::test]
async fn a_spool_that_is_replayed_is_inserted_again_and_counts_once() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    // Without merges what was inserted twice can be seen.
    let no_merges = "ALTER TABLE rum_data.views MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, \
                     max_bytes_to_merge_at_min_space_in_pool = 1";
    place.execute(no_merges).await?;
    let mut book = Book::default();
    for _ in 0..VISITS {
        book.send(&collector.sender()).await?;
    }
    collector.settled().await?;
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    let output = place.command(&["spool", "replay"]).await?;
    let error = String::from_utf8(output.stderr)?;
    assert!(
        !output.status.success() && error.contains("running collector"),
        "{error}"
    );
    assert!(collector.terminate().await?.success());

    let before = place.list(&["spool", "ls"]).await?;
    assert_eq!(behind(&before), rows(0));
    let text = said(&place.command(&["spool", "replay", "--table", "vitals"]).await?, 0);
    assert!(text.contains("inserts 40 rows"), "{text}");
    let text = said(&place.command(&["spool", "replay"]).await?, 0);
    assert!(
        text.contains("rows behind") && text.contains("inserts 200 rows"),
        "{text}"
    );
    assert_eq!(behind(&place.list(&["spool", "ls"]).await?), rows(VISITS));

    let collector = place.start(&Store::Embedded).await?;
    collector.settled().await?;
    let after = place.list(&["spool", "ls"]).await?;
    assert_eq!(behind(&after), rows(0), "it was inserted again");
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    let again = "SELECT countIf(inserts > 1) AS again, count() AS views \
                 FROM (SELECT view_id, count() AS inserts FROM rum_data.views GROUP BY view_id)";
    let inserts = &collector.sql(again).await?[0];
    assert_eq!((&inserts["again"], &inserts["views"]), (&json!(VISITS), &json!(VISITS)));
    assert!(collector.terminate().await?.success());
    Ok(())
}

/// The rows of so many visits, by table.
fn rows(visits: usize) -> Vec<(String, usize)> {
    ROWS.map(|(table, rows)| (table.to_owned(), rows * visits)).to_vec()
}

/// How many rows of each table are not in ClickHouse yet, by the list.
fn behind(list: &Value) -> Vec<(String, usize)> {
    let tables = list["tables"].as_array().into_iter().flatten();
    let number = |rows: &Value| rows.as_u64().and_then(|rows| usize::try_from(rows).ok());
    tables
        .filter_map(|table| Some((table["table"].as_str()?.to_owned(), number(&table["rows"])?)))
        .collect()
}

fn file(place: &Place, segment: &Value) -> Result<PathBuf> {
    let number = segment["number"].as_u64().context("no number")?;
    Ok(place.spool().join(format!("{number:012}.segment")))
}

/// Where the frame after so many others begins, and how long it is.
fn frame(segment: &[u8], others: usize) -> Result<(usize, usize)> {
    let mut offset = FIRST_FRAME;
    for left in (0..=others).rev() {
        let length = segment.get(offset + 8..offset + 12).context("no such frame")?;
        let length = FRAME_HEADER + u32::from_le_bytes(length.try_into()?) as usize;
        if left == 0 {
            return Ok((offset, length));
        }
        offset += length;
    }
    anyhow::bail!("no frame was asked for")
}

/// What a command that ends so has said.
#[track_caller]
fn said(output: &Output, code: i32) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{text}{error}");
    text
}
