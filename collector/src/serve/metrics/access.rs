//! What people asked, and who was not let in.

use super::exposition::Family;
use crate::serve::sql::{Sql, SqlOutcome};

pub(super) fn families(sql: &Sql) -> Vec<Family> {
    let mut statements = Family::counter(
        "rum_sql_statements_total",
        "Statements of /v1/sql by what became of them.",
    );
    for outcome in SqlOutcome::ALL {
        statements = statements.sample([("outcome", outcome.name())], sql.statements().of(outcome));
    }
    let times = Family::histogram(
        "rum_sql_duration_seconds",
        "Time from the head of a statement's request until its answer was fetched, or refused.",
    )
    .sample([], sql.statements().time.snapshot());
    let denials = sql.access().denials();
    let mut denied = Family::counter(
        "rum_access_denials_total",
        "Requests with a token or a login that were not let in, by the reason.",
    );
    for (reason, count) in [
        ("unknown_token", &denials.unknown),
        ("too_many_wrong_tokens", &denials.throttled),
        ("login_ended", &denials.expired),
        ("scope", &denials.scope),
        ("cross_site", &denials.cross_site),
    ] {
        denied = denied.sample([("reason", reason)], count.get());
    }
    vec![statements, times, denied]
}
