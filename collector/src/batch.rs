//! The stages of a batch, as types: what has been accepted, and what has been enriched.
//!
//! `ingest/` makes them, `store/row` turns the last one into rows; neither knows the other.

use std::sync::Arc;

use rum_core::Id;
use rum_core::wire::{Document, Event, Item};

/// How the events of a batch were computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the page, by rum-core as Wasm.
    Wasm,
    /// Here, by rum-core, from the records of a page without Wasm.
    Raw,
    /// By another sender, in the documented JSON form.
    Documented,
    /// By the browser itself, which reports what its pages cannot see. Of the views of such a batch nothing is known but
    /// their pages: they place its errors, and are no page views.
    Report,
}

/// How many of their sort the rows of a session stand for, by the rate that it froze.
///
/// A session is in the sample if the random half of its id, as a share of 2^32, is below the rate's: so the page that decides
/// what it sends and the collector that weighs it agree without a word. One that is in the sample stands for as many as the
/// share says. One that is not, and was kept because of an error or a poor vital, stands for none: it would make every
/// percentile look worse than it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    share: f64,
    /// Errors are sent by sessions in the sample only.
    errors_sampled: bool,
}

impl Weights {
    /// Of sessions of which all are kept.
    pub const WHOLE: Self = Self::new(1.0, false);

    /// Of sessions of which `share` is kept.
    #[must_use]
    pub const fn new(share: f64, errors_sampled: bool) -> Self {
        Self { share, errors_sampled }
    }

    /// Of errors, which pages send whether their session is in the sample or not, unless the rate says otherwise.
    #[must_use]
    pub fn errors(self, session: Id) -> f32 {
        if self.errors_sampled { self.others(session) } else { 1.0 }
    }

    /// Of all others.
    #[must_use]
    pub fn others(self, session: Id) -> f32 {
        let draw = f64::from(session.random_half()) / 4_294_967_296.0;
        if draw < self.share {
            (1.0 / self.share) as f32
        } else {
            0.0
        }
    }
}

/// A batch whose key, origin, encoding and form are right; all its records are events now.
#[derive(Clone, Debug)]
pub struct AcceptedBatch {
    /// The app's name in the tables (not its key).
    pub app: Arc<str>,
    /// Identifies the body: a retry has the same.
    pub id: Id,
    /// The sender's clock when it sent this request, in ms since the epoch.
    pub sent_ms: i64,
    /// Our clock when the request arrived, in ms since the epoch.
    pub received_ms: i64,
    /// How the events were computed.
    pub mode: Mode,
    /// What is the same for the whole document.
    pub document: Document,
    /// Views first, then what belongs to them; every item's view is among them.
    pub items: Vec<Item>,
}

impl AcceptedBatch {
    /// How many of its items become rows of their own.
    #[must_use]
    pub fn events(&self) -> usize {
        let is_place = |item: &&Item| self.mode == Mode::Report && matches!(item.event, Event::View(_));
        self.items.len() - self.items.iter().filter(is_place).count()
    }
}

/// An accepted batch with what the request says about its sender.
#[derive(Clone, Debug)]
pub struct EnrichedBatch {
    /// The batch.
    pub accepted: AcceptedBatch,
    /// Who sent it.
    pub visitor: Visitor,
    /// What its rows stand for.
    pub weights: Weights,
}

/// What a request says about its sender; empty what nobody knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Visitor {
    /// The browser.
    pub agent: Arc<Agent>,
    /// ISO 3166-1 alpha-2, such as `DE`.
    pub country: String,
    /// ISO 3166-2, such as `DE-BE`.
    pub region: String,
    /// What is kept of the address, if anything.
    pub client: String,
}

/// What a browser says of itself; empty what nobody knows. Names are of fixed lists, whatever a sender makes up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agent {
    /// Browser family, such as `Chrome`.
    pub browser: &'static str,
    /// The first number of its version.
    pub browser_version: Option<u16>,
    /// Such as `Blink`.
    pub engine: &'static str,
    /// Operating system, such as `Android`.
    pub os: &'static str,
    /// The first number or two of its version, such as `18.7`.
    pub os_version: String,
    /// `desktop`, `mobile`, `tablet`, `tv`, `console`, `xr`, `watch`, `car` or `bot`.
    pub device: &'static str,
    /// Its name, if it is a bot; `other` if that is none we know.
    pub bot: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Decided by the page in js-wrapper/src/session.ts, whose test reads the same table.
    #[test]
    fn a_session_is_in_the_sample_where_its_page_thinks_so() {
        let table: serde_json::Value = serde_json::from_str(include_str!("../../tests/sampling.json")).unwrap();
        let cases = table["cases"].as_array().unwrap();
        assert!(cases.len() >= 20);
        for case in cases {
            let share = case[0].as_f64().unwrap();
            let random = u32::from_str_radix(case[1].as_str().unwrap(), 16).unwrap();
            let inside = case[2].as_bool().unwrap();
            let weight = Weights::new(share, false).others(Id::starting_at(1_795_000_000, random));
            assert_eq!(weight, if inside { (1.0 / share) as f32 } else { 0.0 }, "{case}");
        }
    }

    /// Numbers that look random, and are the same in each run: SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
    fn noise(state: &mut u64) -> u64 {
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = *state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Between 0 and 1.
    fn draw(state: &mut u64) -> f64 {
        (noise(state) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn normal(state: &mut u64) -> f64 {
        (0..12).map(|_| draw(state)).sum::<f64>() - 6.0
    }

    /// A metric's name, its values, and above which of them a page keeps its session.
    type Metric = (&'static str, fn(&mut u64) -> f64, f64);

    /// Load times in ms; interactions in steps of 8 ms, some of them slow; shifts, which every other page has none of.
    const METRICS: [Metric; 3] = [
        ("LCP", |state| 2_500.0 * (0.7 * normal(state)).exp(), 4_000.0),
        (
            "INP",
            |state| {
                let slow = if draw(state) < 0.1 { 400.0 } else { 0.0 };
                8.0 * ((90.0 * (0.8 * normal(state)).exp() + slow) / 8.0).round()
            },
            500.0,
        ),
        (
            "CLS",
            |state| {
                if draw(state) < 0.5 {
                    0.0
                } else {
                    0.08 * (0.9 * normal(state)).exp()
                }
            },
            0.25,
        ),
    ];

    /// The least value at which three quarters of the weight are reached.
    fn p75(rows: &mut [(f64, f64)]) -> f64 {
        rows.sort_by(|one, other| one.0.total_cmp(&other.0));
        let whole: f64 = rows.iter().map(|(_, weight)| weight).sum();
        let mut sum = 0.0;
        for (value, weight) in &*rows {
            sum += weight;
            if sum >= 0.75 * whole {
                return *value;
            }
        }
        f64::NAN
    }

    /// How far down the sorted values `value` stands: the middle of its equals, from 0 to 1.
    fn rank(sorted: &[f64], value: f64) -> f64 {
        let below = sorted.partition_point(|one| *one < value);
        let up_to = sorted.partition_point(|one| *one <= value);
        (below + up_to) as f64 / (2 * sorted.len()) as f64
    }

    /// Over 40 simulated days the mean error of the p75 in ranks is within three of its standard errors of what the
    /// steps of the values alone make; without weights it is many times that off.
    #[test]
    fn weighted_percentiles_of_kept_sessions_have_no_bias() {
        const DAYS: u64 = 40;
        const SESSIONS: usize = 4_000;
        const SHARE: f64 = 0.1;
        for (name, value, poor) in METRICS {
            let (mut weighted, mut unweighted) = (Vec::new(), Vec::new());
            for day in 0..DAYS {
                let mut state = day * 1_000_003 + 17;
                let (mut all, mut kept) = (Vec::new(), Vec::new());
                for _ in 0..SESSIONS {
                    let value = value(&mut state);
                    let id = Id::starting_at(1_795_000_000, (noise(&mut state) >> 32) as u32);
                    let weight = f64::from(Weights::new(SHARE, false).others(id));
                    all.push(value);
                    if weight > 0.0 || value > poor {
                        kept.push((value, weight));
                    }
                }
                all.sort_by(f64::total_cmp);
                let mut alike: Vec<_> = all.iter().map(|value| (*value, 1.0)).collect();
                let truth = rank(&all, p75(&mut alike));
                weighted.push(rank(&all, p75(&mut kept)) - truth);
                kept.iter_mut().for_each(|row| row.1 = 1.0);
                unweighted.push(rank(&all, p75(&mut kept)) - truth);
            }
            let mean = |errors: &[f64]| errors.iter().sum::<f64>() / errors.len() as f64;
            let bias = mean(&weighted);
            let spread = (weighted.iter().map(|error| (error - bias).powi(2)).sum::<f64>() / (DAYS - 1) as f64).sqrt();
            let bound = 3.0 * spread / (DAYS as f64).sqrt();
            assert!(bound < 0.015, "{name}: the test can tell, {bound}");
            assert!(bias.abs() < bound, "{name}: {bias} of at most {bound}");
            assert!(
                mean(&unweighted) > 3.0 * bound,
                "{name}: without weights {}",
                mean(&unweighted)
            );
        }
    }
}
