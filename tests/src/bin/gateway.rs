//! The fake provider, as a process: `gateway JOURNAL kind|hostile SEED`.

use std::path::PathBuf;

use envoi_tests::gateway::{Manner, serve};

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let journal = PathBuf::from(arguments.next().expect("the first argument is the journal"));
    let manner = arguments.next().expect("the second argument is the manner");
    let known = [Manner::Kind, Manner::Hostile].into_iter().find(|known| known.as_str() == manner);
    let seed = arguments.next().and_then(|seed| seed.parse().ok()).expect("the third argument is a seed");
    serve(&journal, known.expect("a manner is kind or hostile"), seed).await;
}
