#![doc = include_str!("../README.md")]

pub mod access;
pub mod alert;
pub mod batch;
pub mod config;
mod config_state;
pub mod data_folder;
mod errors;
mod fair;
mod folder_lock;
pub mod ingest;
pub mod log;
mod meter;
pub mod reload;
pub mod run;
pub mod serve;
pub mod service_manager;
pub mod store;
pub mod traces;
