//! The threads on which rules are loaded and run.
//!
//! Architecture Invariant: scripts of structures never run on the threads that serve everyone, and those of one structure take at most
//! half of the others, one at least: whatever a structure writes, another's rules find a thread. Nobody waits for a turn while holding
//! what others wait for, such as a transaction that writes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use entity::ids::StructureId;
use tokio::sync::Semaphore;

use crate::error::Fault;

/// Runs rules off the threads that serve everyone, so many at a time.
pub struct Evaluators {
    all: Arc<Semaphore>,
    for_one: usize,
    each: Mutex<HashMap<StructureId, Weak<Semaphore>>>,
}

impl Evaluators {
    /// As many at a time as the machine has cores, and half as many for one structure.
    #[must_use]
    pub fn new(cores: usize) -> Self {
        let all = Arc::new(Semaphore::new(cores.max(2)));
        Self { all, for_one: (cores / 2).max(1), each: Mutex::default() }
    }

    /// Does that work for a structure, once it is its turn. Work that began is done even when nobody waits for it any more, and holds its
    /// place until then.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the work panics.
    pub fn run<T: Send + 'static>(
        &self,
        structure: StructureId,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Fault>> + Send {
        // Boxed, since what it holds would make every future that waits for it as large.
        let work = Box::new(work);
        async move {
            // Its own turn first: who waits for it keeps no place that another structure could use.
            let own = self.of(structure).acquire_owned().await.map_err(Fault::internal)?;
            let one = Arc::clone(&self.all).acquire_owned().await.map_err(Fault::internal)?;
            let done = tokio::task::spawn_blocking(move || {
                let _held = (own, one);
                work()
            });
            done.await.map_err(Fault::internal)
        }
    }

    /// Does that work now, for who may not wait.
    ///
    /// # Errors
    /// [`Fault::Internal`] when the work panics.
    pub async fn at_once<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Fault> {
        tokio::task::spawn_blocking(work).await.map_err(Fault::internal)
    }

    fn of(&self, structure: StructureId) -> Arc<Semaphore> {
        let mut each = self.each.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = each.get(&structure).and_then(Weak::upgrade) {
            return own;
        }
        // Those whose turns are over are forgotten before another is noted.
        each.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(self.for_one));
        each.insert(structure, Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use uuid::Uuid;

    use super::*;

    fn structure(number: u128) -> StructureId {
        StructureId::from_uuid(Uuid::from_u128(number))
    }

    /// Work that goes on until it is told to end, and tells when it began.
    fn held() -> (impl FnOnce() + Send + 'static, mpsc::Receiver<()>, mpsc::Sender<()>) {
        let ((start, started), (end, told_to_end)) = (mpsc::channel(), mpsc::channel());
        let work = move || {
            start.send(()).expect("the test waits for it");
            // An error is the end of the test.
            let _ = told_to_end.recv();
        };
        (work, started, end)
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_structure_that_works_on_leaves_room_for_others() {
        let evaluators = Arc::new(Evaluators::new(2));
        let (work, started, end) = held();
        let busy = tokio::spawn({
            let evaluators = Arc::clone(&evaluators);
            async move { evaluators.run(structure(1), work).await }
        });
        tokio::task::spawn_blocking(move || started.recv()).await.expect("a thread").expect("it begins");
        let (second, waits, end_second) = held();
        let waiting = tokio::spawn({
            let evaluators = Arc::clone(&evaluators);
            async move { evaluators.run(structure(1), second).await }
        });
        for other in 2..50 {
            let done = evaluators.run(structure(other), move || other).await;
            assert_eq!(done.expect("done"), other);
        }
        assert!(waits.try_recv().is_err(), "one of a structure at a time, on two cores");
        end.send(()).expect("it goes on");
        busy.await.expect("a task").expect("done");
        tokio::task::spawn_blocking(move || waits.recv()).await.expect("a thread").expect("its turn came");
        drop(end_second);
        waiting.await.expect("a task").expect("done");
        assert!(evaluators.each.lock().expect("sound").len() <= 2, "those who are done are forgotten");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_leaves_keeps_the_place_until_the_work_is_done() {
        let evaluators = Evaluators::new(1);
        let (work, started, end) = held();
        {
            let left = evaluators.run(structure(1), work);
            tokio::pin!(left);
            let start = tokio::task::spawn_blocking(move || started.recv());
            tokio::select! {
                _ = &mut left => panic!("it is held"),
                start = start => start.expect("a thread").expect("it begins"),
            }
        }
        let own = evaluators.of(structure(1));
        assert_eq!(own.available_permits(), 0, "nobody waits for it, and it goes on");
        end.send(()).expect("it goes on");
        assert_eq!(evaluators.run(structure(1), || 7).await.expect("done"), 7);
    }

    #[tokio::test]
    async fn work_that_panics_is_a_fault_and_gives_its_place_back() {
        let evaluators = Evaluators::new(1);
        let done: Result<(), Fault> = evaluators.run(structure(1), || panic!("planted")).await;
        assert!(matches!(done, Err(Fault::Internal(_))));
        assert_eq!(evaluators.run(structure(1), || 7).await.expect("done"), 7);
    }
}
