#![doc = include_str!("../README.md")]

pub mod access;
pub mod alert;
pub mod batch;
pub mod config;
pub mod data_folder;
mod durable_file;
mod errors;
mod fair;
mod folder_lock;
pub mod ingest;
mod meter;
pub mod run;
pub mod serve;
pub mod store;
