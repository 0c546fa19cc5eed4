//! The providers that are asked over HTTP, one file of rows each.

mod kannel;
