#![doc = include_str!("../README.md")]

pub mod collector;
pub mod database;
pub mod load;
pub mod processes;
pub mod proxy;
pub mod traffic;
pub mod usage;
pub mod waiting;
