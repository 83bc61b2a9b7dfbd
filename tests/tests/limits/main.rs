//! What one app, or one client, may take from the collector, and from the others.

mod fairness;
mod memory;
mod quotas;
mod slow_clients;
mod slow_held;
