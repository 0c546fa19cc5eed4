//! The tests of Envoi, one file a noun. All but `tidy`, `schema`, `cli` and `crash` run on SQLite and on PostgreSQL alike.

mod accounts;
mod audience;
mod audit;
mod cli;
mod crash;
mod credit;
mod delivery;
mod filters;
mod http;
mod import;
mod isolation;
mod length;
mod main_job;
mod paging;
mod people;
mod racing;
mod readme;
mod refusals;
mod reports;
mod rules;
mod schema;
mod sending;
mod statements;
mod tidy;
