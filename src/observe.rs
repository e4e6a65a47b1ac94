//! Observing a store: the duration and outcome of every operation, for logs and metrics.
//!
//! [`AuthStore::observe`](crate::AuthStore::observe) calls your function at the end of every operation. Without an
//! observer, the store measures no times.
//!
//! ```
//! use std::sync::atomic::{AtomicU64, Ordering};
//! use authstore::AuthStore;
//!
//! # fn main() -> authstore::Result<()> {
//! static FAILED: AtomicU64 = AtomicU64::new(0);
//!
//! let store = AuthStore::connect("sqlite::memory:")?.observe(|observation| {
//!     if observation.error.is_some_and(|error| error.is_retryable()) {
//!         FAILED.fetch_add(1, Ordering::Relaxed);
//!     }
//! });
//! store.ping()?;
//! assert_eq!(FAILED.load(Ordering::Relaxed), 0);
//! # Ok(())
//! # }
//! ```
//!
//! # Logging
//!
//! With the feature `log`, `store.observe(authstore::observe::to_log)` writes to the crate [log](https://docs.rs/log);
//! with the feature `tracing`, `store.observe(authstore::observe::to_tracing)` emits an event of
//! [tracing](https://docs.rs/tracing). The target of both is `authstore`. Each operation is one line or event:
//!
//! | level | what it reports |
//! |---|---|
//! | error | an operation with [`Error::OutcomeUnknown`], [`Error::Migration`] or [`Error::Backend`] |
//! | warn | an operation with [`Error::Unavailable`], or after retries or lost connections |
//! | debug | an operation with [`Error::Invalid`], [`Error::Conflict`], [`Error::NotFound`] or [`Error::Rejected`] |
//! | trace | every other operation |
//!
//! The fields are `operation`, `backend`, `outcome`, `duration_us`, `attempts`, `pool_wait_us`, `reconnects` and, when
//! it failed, `error`. None of them holds a stored value, a token or a password.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::backend::{Backend, BackendTransaction};
use crate::cost::Operation;
use crate::error::{Error, Result};
use crate::for_each_operation;
use crate::migration::Migrator;
use crate::pool::PoolState;
use crate::transaction::WrappedTransaction;

/// A finished operation, as [`AuthStore::observe`](crate::AuthStore::observe) reports it.
///
/// It never holds a value that is stored or looked up.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Observation<'a> {
    /// The operation's name, which is the name of its method: `get_session_and_user`. The beginning of a transaction is
    /// `begin`.
    pub operation: &'static str,
    /// The backend's [name](crate::Backend::name): `postgres`.
    pub backend: &'static str,
    /// The time from the call to its end, including all waiting and all attempts.
    pub duration: Duration,
    /// The number of attempts: 1, plus one for each retry after a deadlock, a lost connection or the like.
    pub attempts: u32,
    /// How long the operation waited for connections from the pool, including the time to open and check them.
    pub pool_wait: Duration,
    /// How many connections turned out to be unusable during the operation. The pool replaces them.
    pub reconnects: u32,
    /// Why the operation failed; `None` if it succeeded.
    pub error: Option<&'a Error>,
}

impl Observation<'_> {
    /// Returns how the operation ended, as a label for metrics: `ok`, `invalid`, `conflict`, `not_found`, `rejected`,
    /// `unavailable`, `outcome_unknown`, `migration` or `backend`.
    pub fn outcome(&self) -> &'static str {
        match self.error {
            None => "ok",
            Some(Error::Invalid { .. }) => "invalid",
            Some(Error::Conflict { .. }) => "conflict",
            Some(Error::NotFound { .. }) => "not_found",
            Some(Error::Rejected { .. }) => "rejected",
            Some(Error::Unavailable { .. }) => "unavailable",
            Some(Error::OutcomeUnknown { .. }) => "outcome_unknown",
            Some(Error::Migration(_)) => "migration",
            Some(Error::Backend { .. }) => "backend",
        }
    }

    #[cfg(any(feature = "log", feature = "tracing"))]
    fn severity(&self) -> Severity {
        match self.error {
            Some(Error::OutcomeUnknown { .. } | Error::Migration(_) | Error::Backend { .. }) => {
                Severity::Error
            }
            Some(Error::Unavailable { .. }) => Severity::Warn,
            _ if self.attempts > 1 || self.reconnects > 0 => Severity::Warn,
            Some(_) => Severity::Debug,
            None => Severity::Trace,
        }
    }
}

#[cfg(any(feature = "log", feature = "tracing"))]
enum Severity {
    Error,
    Warn,
    Debug,
    Trace,
}

/// Writes an observation to the crate `log`, at the level that the [table](self#logging) says.
#[cfg(feature = "log")]
pub fn to_log(observation: &Observation<'_>) {
    let level = match observation.severity() {
        Severity::Error => log::Level::Error,
        Severity::Warn => log::Level::Warn,
        Severity::Debug => log::Level::Debug,
        Severity::Trace => log::Level::Trace,
    };
    let error = observation
        .error
        .map(|error| format!(" error=\"{error}\""))
        .unwrap_or_default();
    log::log!(
        target: "authstore",
        level,
        "operation={} backend={} outcome={} duration_us={} attempts={} pool_wait_us={} reconnects={}{error}",
        observation.operation,
        observation.backend,
        observation.outcome(),
        observation.duration.as_micros(),
        observation.attempts,
        observation.pool_wait.as_micros(),
        observation.reconnects,
    );
}

/// Emits an observation as an event of `tracing`, at the level that the [table](self#logging) says.
#[cfg(feature = "tracing")]
pub fn to_tracing(observation: &Observation<'_>) {
    // The level of an event is part of its static description, so each level needs its own event.
    macro_rules! emit {
        ($level:ident) => {
            tracing::event!(
                target: "authstore",
                tracing::Level::$level,
                operation = observation.operation,
                backend = observation.backend,
                outcome = observation.outcome(),
                duration_us = microseconds(observation.duration),
                attempts = observation.attempts,
                pool_wait_us = microseconds(observation.pool_wait),
                reconnects = observation.reconnects,
                error = observation.error.map(tracing::field::display),
            )
        };
    }
    match observation.severity() {
        Severity::Error => emit!(ERROR),
        Severity::Warn => emit!(WARN),
        Severity::Debug => emit!(DEBUG),
        Severity::Trace => emit!(TRACE),
    }
}

#[cfg(feature = "tracing")]
fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

pub(crate) type Observer = Arc<dyn Fn(&Observation<'_>) + Send + Sync>;

/// A backend whose operations are counted, named in their errors, and reported to an observer if there is one.
pub(crate) struct Observed<B> {
    backend: B,
    observer: Option<Observer>,
}

impl<B: Backend> Observed<B> {
    pub(crate) fn new(backend: B, observer: Option<Observer>) -> Self {
        Observed { backend, observer }
    }

    fn run<T>(&self, operation: &'static str, work: impl FnOnce(&B) -> Result<T>) -> Result<T> {
        let started = self.observer.as_ref().map(|_| Instant::now());
        let current = Operation::begin(started.is_some());
        let mut result = work(&self.backend);
        let cost = current.cost();
        // An observed store has two layers of this, and one of them is enough to name the operation.
        if current.outer.is_none() {
            result = result.map_err(|error| error.during(operation, cost.retries));
        }
        drop(current);
        if let (Some(observer), Some(started)) = (&self.observer, started) {
            observer(&Observation {
                operation,
                backend: self.backend.name(),
                duration: started.elapsed(),
                attempts: cost.retries + 1,
                pool_wait: cost.pool_wait,
                reconnects: cost.reconnects,
                error: result.as_ref().err(),
            });
        }
        result
    }
}

macro_rules! observe {
    ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $output:ty;)*) => {
        impl<B: Backend> Backend for Observed<B> {
            fn name(&self) -> &'static str {
                self.backend.name()
            }

            $(fn $operation(&self, $($argument: $type),*) -> Result<$output> {
                self.run(stringify!($operation), |backend| backend.$operation($($argument),*))
            })*

            fn migrator(&self) -> Option<Migrator> {
                self.backend.migrator()
            }

            fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
                let begun = self.run("begin", |backend| backend.begin())?;
                let observer = self.observer.clone();
                Ok(begun.map(|transaction| {
                    WrappedTransaction::wrap(transaction, move |backend| {
                        Arc::new(Observed::new(backend, observer.clone()))
                    })
                }))
            }

            fn pool_state(&self) -> Option<PoolState> {
                self.backend.pool_state()
            }
        }
    };
}
for_each_operation!(observe! {});
