#![doc = include_str!("../README.md")]
#![no_std]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        reason = "a test that panics is a test that fails"
    )
)]

extern crate alloc;
#[cfg(any(test, feature = "documented"))]
extern crate std;

pub mod attribution;
pub mod engine;
pub mod host;
pub mod id;
pub mod limits;
pub mod navigation;
pub mod replay;
mod report;
mod scope;
pub mod scrub;
pub mod view;
mod views;
pub mod vitals;
pub mod wire;

pub use engine::Engine;
pub use host::{Host, Text};
pub use id::Id;
pub use replay::Replay;
pub use view::ViewKind;
