#![doc = include_str!("../README.md")]

mod answer;
mod auth;
mod cancel;
mod child;
mod confine;
mod engine;
mod exception;
mod execute;
mod format;
mod http;
mod library;
mod locate;
mod lz4;
mod multipart;
mod places;
mod request;
mod spool;
mod statement;
mod stuck;
mod supervisor;

pub use auth::{Secret, USER};
pub use child::{ChildError, ChildOptions, Walls, run_child};
pub use confine::Confinement;
pub use engine::EngineError;
pub use locate::{LIBCHDB_VERSION, LibraryError, find_library};
pub use supervisor::{ChildState, Endpoint, Ends, LONGEST_PAUSE, Supervisor, SupervisorError, SupervisorOptions};
