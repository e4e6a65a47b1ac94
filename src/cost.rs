//! The cost of the operation in progress on each thread, counted by pools and retry loops and read by
//! [`observe`](crate::observe).

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The counters of the operation on this thread.
///
/// Pools and retry loops are far below the store, and an operation never leaves its thread. A thread-local avoids
/// passing the counters through every layer.
#[derive(Clone, Copy, Default)]
pub(crate) struct Cost {
    /// Whether anyone observes, so that times are taken.
    timed: bool,
    pub(crate) retries: u32,
    pub(crate) reconnects: u32,
    pub(crate) pool_wait: Duration,
}

thread_local! {
    /// `None` outside of operations, for example while a migration uses a connection.
    static COST: Cell<Option<Cost>> = const { Cell::new(None) };
}

fn add(change: impl FnOnce(&mut Cost)) {
    COST.with(|cell| {
        if let Some(mut cost) = cell.get() {
            change(&mut cost);
            cell.set(Some(cost));
        }
    });
}

/// Counts another attempt of the current operation.
#[cfg(any(feature = "mysql", feature = "postgres"))]
pub(crate) fn retried() {
    add(|cost| cost.retries += 1);
}

/// Counts a connection of the current operation that was dropped because it does not work.
pub(crate) fn reconnected() {
    add(|cost| cost.reconnects += 1);
}

/// Runs `wait`, and adds its duration to the time that the current operation has waited for the pool.
pub(crate) fn pool_wait<T>(wait: impl FnOnce() -> T) -> T {
    if !COST.get().is_some_and(|cost| cost.timed) {
        return wait();
    }
    let started = Instant::now();
    let waited = wait();
    let time = started.elapsed();
    add(|cost| cost.pool_wait += time);
    waited
}

/// An operation in progress on this thread. Operations are nested when a backend calls another store; the counts of the
/// inner one are then added to the outer one.
pub(crate) struct Operation {
    pub(crate) outer: Option<Cost>,
}

impl Operation {
    pub(crate) fn begin(timed: bool) -> Self {
        let outer = COST.get();
        COST.set(Some(Cost {
            timed: timed || outer.is_some_and(|outer| outer.timed),
            ..Cost::default()
        }));
        Operation { outer }
    }

    pub(crate) fn cost(&self) -> Cost {
        COST.get().unwrap_or_default()
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        let cost = self.cost();
        COST.set(self.outer.map(|outer| Cost {
            timed: outer.timed,
            retries: outer.retries + cost.retries,
            reconnects: outer.reconnects + cost.reconnects,
            pool_wait: outer.pool_wait + cost.pool_wait,
        }));
    }
}
