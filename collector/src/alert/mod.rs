//! Alert rules: a file of rules, one loop that asks ClickHouse, one notification a change.
//!
//! ```text
//!   rules_file   YAML                        -> RawRule…
//!   validate     RawRule                     -> Rule          (every mistake with its line and its cure)
//! ★ run          the round of a Rule         -> GroupStats…   (one window of arrival, in ClickHouse)
//!   evaluate     Rule + stats + standings    -> standings, Change…
//!   state        Condition + Observation     -> Transition?   (the state machine of one group)
//!   notification Rule + Change               -> Notification
//! ★ run          Change + Notification       -> alert_transitions   (one insert: state and outbox together)
//! ★ deliver      alert_transitions that have no row in alert_deliveries -> webhook -> alert_deliveries
//! ```
//! ★ is I/O; the rest is pure.
//!
//! The log of transitions is both the memory and the outbox: a group's state is the last row of it, and what must still
//! be sent is its rows without a delivery. So a collector that is killed anywhere neither fires twice nor forgets
//! to resolve. A notification is repeated only if the webhook's answer was lost, or the collector was killed between
//! that answer and the row that records it; then with the same `Idempotency-Key`.
//!
//! # Deliberately absent
//! What belongs to the full engine is not here, and nothing pretends to be it:
//! - leases: one collector of a group has `[alerts]` in its configuration, the others have not;
//! - watermarks and stored windows: a window ends a fixed lag before now, and rows that ClickHouse gets later than that
//!   are not waited for; windows missed while the collector was down are not evaluated afterwards;
//! - backtests, `sql`, `change` and `anomaly` rules, other metrics than the five vitals and `js_errors`;
//! - a policy for silence: no data and failing queries always keep the state;
//! - channels other than webhooks, silences, routing, grouping of notifications, proxies.

mod deliver;
mod evaluate;
mod health;
mod notification;
mod quantity;
mod record;
mod rule;
mod rules_file;
mod run;
mod state;
mod template;
mod threshold;
mod validate;
mod webhook;

pub use health::{Health, Report};
pub use notification::{Notification, Status};
pub use rule::Rule;
pub use rules_file::{Place, Problem, RulesError, load, parse};
pub use run::{Options, run};
pub use webhook::{Webhook, WebhookError};
