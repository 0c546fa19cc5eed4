//! Envoi: structures send SMS through rules that they control.
//!
//! Directions, kept by the tidy test: `http`, `graphql`, `dispatch` and `cli` call `services`; `services` call `domain`,
//! `store`, `entity` and `rules`; `providers` know only `domain`; `domain` knows nothing.

pub mod app;
pub mod caller;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dispatch;
pub mod domain;
pub mod error;
pub mod fault;
pub mod graphql;
pub mod http;
pub mod i18n;
pub mod keys;
pub mod log;
pub mod providers;
pub mod services;
pub mod start;
pub mod store;
