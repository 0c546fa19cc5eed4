//! The tests of Envoi, one file a noun. All but `tidy`, `schema`, `cli` and `crash` run on SQLite and on PostgreSQL alike.

mod accounts;
mod audience;
mod audit;
mod cancel;
mod cli;
mod crash;
mod credit;
mod delivery;
mod http;
mod import;
mod isolation;
mod length;
mod main_job;
mod migrations;
mod people;
mod racing;
mod readme;
mod refusals;
mod report_files;
mod reports;
mod retry;
mod rules;
mod schema;
mod sending;
mod tidy;
