//! From a request to frames in the spool.
//!
//! ```text
//! ★ handler    request        -> capped bytes
//!   origin     headers        -> may this page send?
//!   digest     bytes          -> Frame           the stages below, in a row:
//!   body       bytes          -> decompressed bytes
//!   decode     bytes          -> Decoded         (raw records go through rum-core here; of a browser's reports: report)
//!   validate   Decoded        -> AcceptedBatch   (trim cuts texts and lists to their limits, hex leaves what is an id)
//!   foreign    AcceptedBatch  -> AcceptedBatch   (without errors of extensions and of nobody)
//!   scrub      AcceptedBatch  -> AcceptedBatch   (personal data masked, ids in paths made one: path_ids)
//!   enrich     AcceptedBatch  -> EnrichedBatch   (with its weights: sampling) and by `store::rows` to the frame
//! ★ handler    Frame          -> the spool, then 204
//! ```
//! ★ is I/O; the rest is pure. What is refused is a [`Reject`]; what is lost from a batch that is not refused is counted
//! under an [`Outcome`].

mod body;
mod decode;
mod digest;
mod enrich;
mod foreign;
mod handler;
mod hex;
mod origin;
mod outcome;
mod path_ids;
mod reject;
mod report;
mod sampling;
mod scrub;
mod text;
mod trim;
mod usage;
mod validate;

pub use handler::{Ingest, routes};
pub use outcome::{Outcome, Outcomes, Subject};
pub use reject::Reject;
pub(crate) use usage::Usage;
