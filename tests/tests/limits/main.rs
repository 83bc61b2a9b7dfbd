//! What one app may take from the collector, and from the others.

mod fairness;
mod quotas;
