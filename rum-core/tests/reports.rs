//! Reports replace each other: whatever is lost on the way, and in whatever order the rest arrives, what was said last of it
//! is the value.

mod support;

use rum_core::vitals::{Metric, Scope};
use rum_core::wire::{Event, Item};
use support::Page;

const REPORTS: u32 = 5;

/// At the nth report CLS is n hundredths, and INP 40 ms and n times 8 ms.
fn bodies() -> Vec<Vec<Item>> {
    let mut page = Page::loaded().navigation(100.0, 0.0).paint(300.0);
    let mut bodies = Vec::new();
    for n in 1..=REPORTS {
        let t = 2_000.0 * f64::from(n);
        page = page
            .shift(t, 0.01 * f64::from(n))
            .interaction(t + 10.0, 7 * i64::from(n), 40.0 + 8.0 * f64::from(n))
            .cut(t + 900.0);
        bodies.push(page.take().0);
    }
    bodies
}

/// The value of the highest `seq`, which is what the tables keep.
fn newest<'a>(items: impl Iterator<Item = &'a Item>, metric: Metric) -> Option<i64> {
    let values = items.filter_map(|item| match &item.event {
        Event::Vital(vital) if vital.metric == metric as i64 && vital.scope == Scope::Document as i64 => {
            Some((item.seq, vital.value))
        }
        _ => None,
    });
    values.max_by_key(|(seq, _)| *seq).map(|(_, value)| value)
}

#[test]
fn any_subset_of_the_reports_leaves_the_last_one_that_arrived() {
    let bodies = bodies();
    for arrived in 1_u32..1 << REPORTS {
        let subset = || {
            let numbered = bodies.iter().enumerate();
            numbered.filter(|(n, _)| arrived & 1 << n != 0).map(|(_, body)| body)
        };
        let last = i64::from(u32::BITS - arrived.leading_zeros());
        for (metric, value) in [(Metric::Cls, 10_000 * last), (Metric::Inp, 40_000 + 8_000 * last)] {
            assert_eq!(
                newest(subset().flatten(), metric),
                Some(value),
                "{metric:?} of {arrived:b}"
            );
            assert_eq!(
                newest(subset().rev().flatten(), metric),
                Some(value),
                "{metric:?} of {arrived:b}, backwards"
            );
        }
    }
}
