//! What the rows of a batch stand for. The page names the version of the rate that its session froze, and the collector knows
//! the share: so no page can claim a weight.

use rum_core::wire::Document;

use super::outcome::{Outcome, Tally};
use crate::batch::Weights;
use crate::config::Rates;

/// The weights of a batch's sessions. A version that is not configured is counted, and weighs as version 0: what it stands for
/// is not known, but it was there.
pub(super) fn weights(document: &Document, rates: &Rates, tally: &mut Tally) -> Weights {
    rates.weights(document.rate_version.unwrap_or(0)).unwrap_or_else(|| {
        tally.add(Outcome::RateUnknown, 1);
        Weights::WHOLE
    })
}

#[cfg(test)]
mod tests {
    use rum_core::Id;

    use super::*;
    use crate::config::Config;

    fn rates() -> Rates {
        let apps = r#"[{name = "shop", key = "k", origins = ["*"], rates = [
            {version = 1, share = 0.1}, {version = 2, share = 0.1, errors = "sampled"}]}]"#;
        let config = Config::load(None, [("RUM_APPS".to_owned(), apps.to_owned())]).unwrap();
        let app = config.apps.by_key("k").unwrap();
        (*app.rates).clone()
    }

    #[test]
    fn a_session_weighs_by_the_rate_that_it_froze_and_its_id() {
        let (inside, border, outside) = (
            Id(0x6b00_f0a4_0000_0000),
            Id(0x6b00_f0a4_1999_999a),
            Id(0x6b00_f0a4_ffff_ffff),
        );
        for (rate_version, session, others, errors, unknown) in [
            (None, outside, 1.0, 1.0, 0),
            (Some(0), outside, 1.0, 1.0, 0),
            (Some(1), inside, 10.0, 1.0, 0),
            (Some(1), border, 0.0, 1.0, 0),
            (Some(1), outside, 0.0, 1.0, 0),
            (Some(2), inside, 10.0, 10.0, 0),
            (Some(2), outside, 0.0, 0.0, 0),
            (Some(7), outside, 1.0, 1.0, 1),
            (Some(-1), outside, 1.0, 1.0, 1),
        ] {
            let document = Document {
                time_origin_ms: 0,
                origin: String::new(),
                sdk: String::new(),
                release: None,
                environment: None,
                rate_version,
                connection: None,
                viewport_width: None,
                viewport_height: None,
                raw_reason: None,
            };
            let mut tally = Tally::default();
            let found = weights(&document, &rates(), &mut tally);
            assert_eq!(
                (found.others(session), found.errors(session)),
                (others, errors),
                "{rate_version:?} {session:?}"
            );
            assert_eq!(tally.get(Outcome::RateUnknown), unknown);
        }
    }
}
