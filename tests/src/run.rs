//! Running one test on each database.

use crate::app::TestApp;
use crate::canary;
use crate::database::Backend;

/// A debug build of the GraphQL library needs more than the 2 MiB that a thread gets.
const STACK: usize = 8 * 1024 * 1024;

/// Declares each of these tests, `async fn(TestApp)`, twice: on SQLite and on PostgreSQL. Once a module.
#[macro_export]
macro_rules! both {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $test() {
                $crate::on($crate::Backend::Sqlite, super::$test);
            })+
        }
        mod postgres {
            $(#[test]
            fn $test() {
                $crate::on($crate::Backend::Postgres, super::$test);
            })+
        }
    };
}

/// Runs a test on an instance with the demonstration's data, then checks that all of it adds up.
///
/// # Panics
/// When the test does, or when something is left that does not add up.
pub fn on<F: Future<Output = ()>>(backend: Backend, test: impl FnOnce(TestApp) -> F + Send) {
    plainly(async move || {
        let app = TestApp::demo(backend).await;
        test(app.clone()).await;
        app.finish().await;
    });
}

/// Runs a test on threads with stack enough, and watches for what it must not tell.
///
/// # Panics
/// When the test does, or told something.
pub fn plainly<F: Future<Output = ()>>(test: impl FnOnce() -> F + Send) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
            canary::watch_logs();
            let watch = canary::Watch::default();
            watch.here();
            let of_the_test = watch.clone();
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .thread_stack_size(STACK)
                .on_thread_start(move || of_the_test.here())
                .enable_all()
                .build()
                .expect("a runtime can be made");
            runtime.block_on(test());
            let told = watch.take();
            assert!(told.is_empty(), "what must not be told was: {told:?}");
        });
        if let Err(panic) = thread.expect("a thread can be made").join() {
            std::panic::resume_unwind(panic);
        }
    });
}
