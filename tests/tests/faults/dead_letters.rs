//! A row that ClickHouse refuses for good: kept, shown, and stored once the table is mended.

use std::os::unix::process::ExitStatusExt as _;

use anyhow::{Result, ensure};
use reqwest::StatusCode;
use rum_collector::fault::{Side, Step};
use rum_tests::collector::{Place, Store};
use rum_tests::traffic::{Book, Visit};
use serde_json::json;

const VISITS: usize = 5;
/// Tables whose rows are refused.
const REFUSED: [&str; 2] = ["actions", "timings"];

#[tokio::test]
async fn a_refused_row_is_shown_and_stored_once_the_table_is_mended() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let mut book = Book::default();
    let refused = Visit::now();
    place
        .execute(&format!(
            "ALTER TABLE rum_data.actions ADD CONSTRAINT not_this_one CHECK view_id != {}",
            refused.view.0
        ))
        .await?;
    assert_eq!(refused.send(&collector.sender()).await?, StatusCode::NO_CONTENT);
    book.acknowledge(&refused);
    for _ in 0..VISITS {
        book.send(&collector.sender()).await?;
    }
    collector.settled().await?;
    assert!(
        book.agrees(async |statement| collector.sql(&statement).await)
            .await
            .is_err()
    );

    let list = place.list(&["deadletter", "ls"]).await?;
    assert_eq!(list["letters"].as_array().map(Vec::len), Some(1), "{list}");
    let letter = &list["letters"][0];
    assert_eq!(
        (&letter["table"], &letter["code"], &letter["rows"]),
        (&json!("actions"), &json!(469), &json!(1))
    );
    let late = letter["arrival_ms"].as_i64().unwrap_or_default() - refused.sent_ms;
    assert!((0..60_000).contains(&late), "it arrived {late} ms after it was sent");
    let shown = String::from_utf8(place.command(&["deadletter", "ls"]).await?.stdout)?;
    assert!(shown.lines().count() == 2 && shown.contains("not_this_one"), "{shown}");

    // Refused again, it stays.
    let output = place.command(&["deadletter", "retry"]).await?;
    let text = String::from_utf8(output.stdout)?;
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.starts_with("0 letters stored, 1 left\n") && text.contains("not_this_one"),
        "{text}"
    );
    assert_eq!(place.list(&["deadletter", "ls"]).await?, list);

    place
        .execute("ALTER TABLE rum_data.actions DROP CONSTRAINT not_this_one")
        .await?;
    let output = place.command(&["deadletter", "retry", "--table", "actions"]).await?;
    let text = String::from_utf8(output.stdout)?;
    assert!(output.status.success() && text == "1 letter stored, 0 left\n", "{text}");
    assert_eq!(place.list(&["deadletter", "ls"]).await?["letters"], json!([]));
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    assert!(collector.terminate().await?.success());

    let output = place.command(&["deadletter", "retry"]).await?;
    let error = String::from_utf8(output.stderr)?;
    assert!(
        !output.status.success() && error.contains("rum-collector serve"),
        "{error}"
    );
    Ok(())
}

#[tokio::test]
async fn letters_survive_every_kill_of_who_stores_them() -> Result<()> {
    let place = Place::new()?;
    let collector = place.start(&Store::Embedded).await?;
    collector.ready("clickhouse").await?;
    let mut book = Book::default();
    let mut kills = 0;
    // The letters of a killed round lie among those of the next one.
    for step in Step::OF_RETRY {
        // Rows of two tables are two inserts: the second kill comes when the first letters are in, and still here.
        let arrivals = if matches!(step, Step::LettersInsert | Step::LettersMark) {
            2
        } else {
            1
        };
        for (side, arrival) in Side::ALL
            .into_iter()
            .flat_map(|side| (1..=arrivals).map(move |arrival| (side, arrival)))
        {
            for table in REFUSED {
                let constraint = format!("ALTER TABLE rum_data.{table} ADD CONSTRAINT none CHECK view_id = 0");
                place.execute(&constraint).await?;
            }
            for _ in 0..VISITS {
                book.send(&collector.sender()).await?;
            }
            collector.settled().await?;
            for table in REFUSED {
                let mended = format!("ALTER TABLE rum_data.{table} DROP CONSTRAINT none");
                place.execute(&mended).await?;
            }
            // Where letters stay the file is replaced, else it is deleted.
            let arguments: &[&str] = match step {
                Step::LettersRename => &["deadletter", "retry", "--table", "actions"],
                _ => &["deadletter", "retry"],
            };
            let fault = format!("{}:{}=kill#{arrival}", step.name(), side.name());
            let output = place.command_armed(arguments, &fault).await?;
            let said = String::from_utf8_lossy(&output.stderr);
            ensure!(
                output.status.signal() == Some(9),
                "nothing has killed it at {fault}: {said}"
            );
            kills += 1;
        }
    }
    let output = place.command(&["deadletter", "retry"]).await?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(place.list(&["deadletter", "ls"]).await?["letters"], json!([]));
    assert_eq!(book.acknowledged(), kills * VISITS);
    book.agrees(async |statement| collector.sql(&statement).await).await?;
    assert!(collector.terminate().await?.success());
    Ok(())
}
