#![doc = include_str!("../README.md")]

pub mod access;
pub mod alert;
mod at_hand;
mod background;
pub mod batch;
mod client;
mod clock;
pub mod config;
mod config_state;
pub mod data_folder;
pub mod descriptors;
mod durable_file;
mod errors;
mod fair;
pub mod fault;
mod file_stamp;
mod folder_lock;
pub mod ingest;
pub mod log;
mod meter;
mod problem;
pub mod reload;
pub mod run;
pub mod serve;
pub mod service_manager;
pub mod store;
pub mod traces;
