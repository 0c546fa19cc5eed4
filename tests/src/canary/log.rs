//! Every event and span of this process that could ever be written, at every level, looked at as it is made.

use std::cell::RefCell;
use std::fmt::{self, Write as _};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::look;

/// Looks, and keeps nothing.
struct Eyes {
    spans: AtomicU64,
}

/// Looks at all that is logged and traced in this process from now on.
pub fn watch_logs() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing::subscriber::set_global_default(Eyes { spans: AtomicU64::new(1) })
            .expect("invariant: nobody else sets one");
    });
}

/// The values of an event or a span, one after another.
struct Values<'a>(&'a mut String);

impl Visit for Values<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail; a Debug that does has written what it has.
        let _ = writeln!(self.0, "{value:?}");
    }

    fn record_str(&mut self, _: &Field, value: &str) {
        self.0.push_str(value);
        self.0.push('\n');
    }
}

fn recorded(place: &str, record: impl FnOnce(&mut Values<'_>)) {
    thread_local! {
        static LINE: RefCell<String> = const { RefCell::new(String::new()) };
    }
    // What is being looked at may log by itself, in a Debug: that is not looked at, being part of it.
    LINE.with(|line| {
        if let Ok(mut line) = line.try_borrow_mut() {
            line.clear();
            record(&mut Values(&mut line));
            look(|| format!("the log: {place}"), &line);
        }
    });
}

impl Subscriber for Eyes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        api::log::is_told(metadata)
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        recorded(span.metadata().name(), |line| span.record(line));
        Id::from_u64(self.spans.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        recorded("a span", |line| values.record(line));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        recorded(event.metadata().name(), |line| event.record(line));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
