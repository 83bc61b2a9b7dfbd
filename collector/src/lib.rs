#![doc = include_str!("../README.md")]

pub mod access;
pub mod alert;
pub mod batch;
mod clock;
pub mod config;
pub mod data_folder;
mod errors;
mod fair;
pub mod fault;
mod folder_lock;
pub mod ingest;
mod meter;
pub mod run;
pub mod serve;
pub mod store;
