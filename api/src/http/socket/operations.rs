//! The operations under way on one socket.
//!
//! Invariants. Each runs in a task of its own: one that held a connection to the database while its socket waits for the client
//! would hold up everyone. Of what the client does not read only little is made: answers wait in a short queue, and each
//! operation waits for its place there. All end with the socket.

use std::collections::HashMap;

use async_graphql::{Response, ServerError};
use futures::stream::{BoxStream, StreamExt as _};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

use super::places::Watching;

/// Operations under way at once: a page that shows everything watches a few things.
pub(super) const MOST: usize = 50;
/// Answers that may wait to be sent, beside one in each operation.
const WAITING: usize = 8;

/// One more answer of an operation: what it came to, or the errors for which it was not run; none at its end.
pub(super) type Answer = Option<Result<Response, Vec<ServerError>>>;

/// An operation broke down, by a fault of ours.
#[derive(Debug)]
pub(super) struct Broken;

struct Running {
    /// Tells it from an earlier one under the same id.
    number: u64,
    task: AbortHandle,
    /// Its place among the subscriptions of the account, where it is one.
    _watching: Option<Watching>,
}

/// The operations under way, by the ids that the client gave them.
pub(super) struct Operations {
    running: HashMap<String, Running>,
    tasks: JoinSet<()>,
    started: u64,
    ready: mpsc::Sender<(String, u64, Answer)>,
    waiting: mpsc::Receiver<(String, u64, Answer)>,
}

impl Operations {
    pub fn none() -> Self {
        let (ready, waiting) = mpsc::channel(WAITING);
        Self { running: HashMap::new(), tasks: JoinSet::new(), started: 0, ready, waiting }
    }

    pub fn len(&self) -> usize {
        self.running.len()
    }

    pub fn has(&self, id: &str) -> bool {
        self.running.contains_key(id)
    }

    /// Starts one, under an id that no other has.
    pub fn start(&mut self, id: String, mut answers: BoxStream<'static, Answer>, watching: Option<Watching>) {
        self.started += 1;
        let (number, ready, name) = (self.started, self.ready.clone(), id.clone());
        let task = self.tasks.spawn(async move {
            while let Some(answer) = answers.next().await {
                if ready.send((name.clone(), number, answer)).await.is_err() {
                    return;
                }
            }
        });
        self.running.insert(id, Running { number, task, _watching: watching });
    }

    /// Ends one, if it is there.
    pub fn end(&mut self, id: &str) {
        if let Some(running) = self.running.remove(id) {
            running.task.abort();
        }
    }

    /// Ends all.
    pub fn end_all(&mut self) {
        self.running.clear();
        self.tasks.abort_all();
    }

    /// The next answer of any. Waits for ever when there is none.
    ///
    /// # Errors
    /// [`Broken`] when a task panicked.
    pub async fn next(&mut self) -> Result<(String, Answer), Broken> {
        loop {
            tokio::select! {
                Some((id, number, answer)) = self.waiting.recv() => {
                    // One that was ended may have left an answer behind.
                    if self.running.get(&id).is_some_and(|running| running.number == number) {
                        return Ok((id, answer));
                    }
                }
                Some(Err(ended)) = self.tasks.join_next() => {
                    if ended.is_panic() {
                        return Err(Broken);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    fn answers(of: Vec<Answer>) -> BoxStream<'static, Answer> {
        stream::iter(of).boxed()
    }

    #[tokio::test]
    async fn an_operation_that_was_ended_answers_nothing_more() {
        let mut operations = Operations::none();
        operations.start("a".to_owned(), answers((0..3).map(|_| Some(Err(Vec::new()))).collect()), None);
        assert!(operations.next().await.is_ok_and(|(id, answer)| id == "a" && answer.is_some()));
        operations.end("a");
        operations.start("a".to_owned(), answers(vec![None]), None);
        assert!(operations.next().await.is_ok_and(|(id, answer)| id == "a" && answer.is_none()));
    }

    #[tokio::test]
    async fn what_is_not_read_is_not_made() {
        let mut operations = Operations::none();
        let (made, mut seen) = mpsc::unbounded_channel();
        let endless = stream::repeat_with(move || {
            let _ = made.send(());
            Some(Err(Vec::new()))
        });
        operations.start("a".to_owned(), endless.boxed(), None);
        for _ in 0..=WAITING {
            seen.recv().await;
        }
        tokio::task::yield_now().await;
        assert!(seen.try_recv().is_err(), "one more than may wait is made");
    }

    #[tokio::test]
    async fn one_that_breaks_down_says_so() {
        let mut operations = Operations::none();
        let broken = stream::once(async { panic!("planted") });
        operations.start("a".to_owned(), broken.boxed(), None);
        assert!(operations.next().await.is_err());
    }
}
