//! From a request to frames in the spool.
//!
//! ```text
//! ★ handler    request        -> capped bytes
//!   rules      -> what is in force for this request
//!   origin     headers        -> may this page send?
//!   visitor    headers, peer  -> Visitor         (agent, geo, pseudonym; who sends: crate::client)
//!   rate_limits, quotas       -> may it now? (kept of the day: ★ day_file)
//!   digest     bytes          -> Frame           the stages below, in a row:
//!   body       bytes          -> decompressed bytes
//!   decode     bytes          -> Decoded         (raw records go through rum-core here; of a browser's reports: report)
//!   validate   Decoded        -> AcceptedBatch   (trim cuts texts and lists to their limits, hex leaves what is an id)
//!   foreign    AcceptedBatch  -> AcceptedBatch   (without errors of extensions and of nobody)
//!   scrub      AcceptedBatch  -> AcceptedBatch   (personal data masked, pages named: page_names, path_ids)
//!   enrich     AcceptedBatch  -> EnrichedBatch   (with its weights: sampling) and by `store::rows` to the frame
//! ★ handler    Frame          -> the spool, then 204
//! ```
//! ★ is I/O; the rest is pure. What is refused is a [`Reject`]; what is lost from a batch that is not refused is counted
//! under an [`Outcome`].

mod address_table;
mod agent;
mod agents;
mod body;
mod completion;
mod day_file;
mod day_use;
mod decode;
mod digest;
mod distinct;
mod enrich;
mod foreign;
mod geo;
mod handler;
mod hex;
mod origin;
mod outcome;
mod page_names;
mod page_record;
mod path_ids;
mod pseudonym;
mod quotas;
mod rate_limits;
mod reject;
mod report;
mod routes;
mod rules;
mod sampling;
mod scrub;
mod text;
mod trim;
mod usage;
mod validate;
mod visitor;

pub(crate) use day_use::Level;
pub use day_use::Resource;
pub use geo::{GeoError, check as check_geo};
pub use handler::{Ingest, NewRules, Parts as IngestParts};
pub use outcome::{Outcome, Outcomes, Subject};
pub use page_record::PageRecordError;
pub(crate) use quotas::AppDay;
pub use quotas::Quotas;
pub use reject::Reject;
pub(crate) use routes::{BATCHES, batches_service, routes};
pub use rules::IngestError;
pub(crate) use usage::Usage;
