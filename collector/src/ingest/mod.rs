//! From a request to frames in the spool.
//!
//! ```text
//! ★ handler    request        -> capped bytes
//!   origin     headers        -> may this page send?
//!   visitor    headers, peer  -> Visitor         (agent, client_address, geo, pseudonym)
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

mod agent;
mod agents;
mod body;
mod client_address;
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
mod reject;
mod report;
mod sampling;
mod scrub;
mod text;
mod trim;
mod usage;
mod validate;
mod visitor;

pub use geo::GeoError;
pub use handler::{Ingest, IngestError, routes};
pub use outcome::{Outcome, Outcomes, Subject};
pub use page_record::PageRecordError;
pub use reject::Reject;
pub(crate) use usage::Usage;
