//! Concurrent callers, and the proof that they were concurrent.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use authstore::AuthStore;

use crate::context::Context;
use crate::failure::{Failure, Verdict, show_error};
use crate::tally::Tally;

/// The number of threads in a race.
pub(crate) const THREADS: usize = 8;

/// The number of rows in most races about many rows: more than a page of any usual size.
pub(crate) const MANY: u8 = 120;

/// How long to try until two calls overlap.
const OVERLAP_TIMEOUT: Duration = Duration::from_secs(90);

/// The result of a thread's call, with its start and end.
#[derive(Clone, Debug)]
pub(crate) struct Ran<T> {
    pub(crate) value: T,
    pub(crate) called: Instant,
    pub(crate) returned: Instant,
}

/// Runs a call, and records its start and end.
pub(crate) fn timed<T>(call: impl FnOnce() -> T) -> Ran<T> {
    let called = Instant::now();
    let value = call();
    Ran {
        value,
        called,
        returned: Instant::now(),
    }
}

/// Creates rows with these numbers on several threads, because a server can then write to its disk for all of them
/// together.
pub(crate) fn create_many(
    numbers: Range<u128>,
    create: impl Fn(u128) -> Verdict + Sync,
) -> Verdict {
    let create = &create;
    thread::scope(|scope| {
        let running: Vec<_> = (0..THREADS)
            .map(|thread| {
                let mut numbers = numbers.clone().skip(thread).step_by(THREADS);
                scope.spawn(move || numbers.try_for_each(create))
            })
            .collect();
        running.into_iter().try_for_each(joined)
    })
}

/// The result of a thread, or its panic.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Returns true if any two of these overlapped.
pub(crate) fn overlapped<T>(ran: &[Ran<T>]) -> bool {
    let mut times: Vec<_> = ran.iter().map(|one| (one.called, one.returned)).collect();
    times.sort();
    let mut latest = None;
    times.into_iter().any(|(called, returned)| {
        let overlaps = latest.is_some_and(|latest| called < latest);
        latest = latest.max(Some(returned));
        overlaps
    })
}

/// Where the threads of a race wait for each other, once for each of its calls.
struct Start {
    threads: usize,
    arrived: Mutex<usize>,
    all_arrived: Condvar,
    awake: AtomicUsize,
    is_given_up: AtomicBool,
}

impl Start {
    fn new(threads: usize) -> Self {
        Start {
            threads,
            arrived: Mutex::new(0),
            all_arrived: Condvar::new(),
            awake: AtomicUsize::new(0),
            is_given_up: AtomicBool::new(false),
        }
    }

    /// Waits until all threads have arrived for their next call. A thread that panicked never arrives, so the others
    /// stop waiting after [`OVERLAP_TIMEOUT`], for all calls.
    fn wait(&self) {
        let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
        *arrived += 1;
        let everyone = arrived.next_multiple_of(self.threads);
        if *arrived == everyone {
            self.all_arrived.notify_all();
        }
        let missing =
            |arrived: &mut usize| *arrived < everyone && !self.is_given_up.load(Ordering::SeqCst);
        let (arrived, timeout) = self
            .all_arrived
            .wait_timeout_while(arrived, OVERLAP_TIMEOUT, missing)
            .unwrap_or_else(PoisonError::into_inner);
        if timeout.timed_out() {
            self.is_given_up.store(true, Ordering::SeqCst);
            self.all_arrived.notify_all();
        }
        drop(arrived);
        // The operating system wakes the threads one at a time, so they wait until all are awake. Only this short wait
        // keeps a processor busy, which the rules that run meanwhile need.
        self.awake.fetch_add(1, Ordering::SeqCst);
        while self.awake.load(Ordering::SeqCst) < everyone
            && !self.is_given_up.load(Ordering::SeqCst)
        {
            thread::yield_now();
        }
    }
}

/// Two handles on one storage, which the threads share.
pub(crate) struct Race {
    stores: [AuthStore; 2],
    rounds: u32,
    time: Duration,
    long_list: u32,
    tally: Arc<Tally>,
}

impl Race {
    pub(crate) fn new(context: &Context) -> Verdict<Self> {
        let profile = context.profile();
        Ok(Race {
            stores: [context.store().clone(), context.open()?],
            rounds: profile.pick(20, 60, 2_000),
            time: Duration::from_secs(profile.pick(4, 6, 300).into()),
            // A storage that repeats what conflicts may not end with more, while others use up single rows.
            long_list: profile.many().min(1_100),
            tally: Arc::clone(context.tally()),
        })
    }

    /// The number of rows in this round of a race about many rows. Only a few rounds have a long list, because it takes
    /// a server long to create it.
    pub(crate) fn many(&self, round: u128) -> u128 {
        match round {
            ..=6 => self.long_list.into(),
            _ => MANY.into(),
        }
    }

    pub(crate) fn handles(&self) -> &[AuthStore] {
        &self.stores
    }

    /// Runs `work` in this many threads, which start together.
    pub(crate) fn at_once<T: Send>(
        &self,
        threads: usize,
        work: impl Fn(usize, &AuthStore) -> T + Sync,
    ) -> Vec<Ran<T>> {
        self.at_once_untimed(threads, |thread, store| timed(|| work(thread, store)))
    }

    /// Like [`at_once`](Race::at_once), for work that records its own times.
    pub(crate) fn at_once_untimed<T: Send>(
        &self,
        threads: usize,
        work: impl Fn(usize, &AuthStore) -> T + Sync,
    ) -> Vec<T> {
        let start = Start::new(threads);
        thread::scope(|scope| {
            let running: Vec<_> = (0..threads)
                .map(|number| {
                    let (start, work) = (&start, &work);
                    let store = &self.stores[number % self.stores.len()];
                    scope.spawn(move || {
                        start.wait();
                        work(number, store)
                    })
                })
                .collect();
            running.into_iter().map(joined).collect()
        })
    }

    /// Like [`at_once`](Race::at_once), for several keys in sequence. The threads wait for each other before each key.
    /// This allows many more races than starting threads for each, and reliably hits a gap between two round trips.
    /// Returns the results for each key.
    pub(crate) fn at_once_for_keys<T: Send>(
        &self,
        threads: usize,
        keys: usize,
        work: impl Fn(usize, usize, &AuthStore) -> T + Sync,
    ) -> Vec<Vec<Ran<T>>> {
        let start = Start::new(threads);
        let by_thread = self.at_once_untimed(threads, |thread, store| {
            let ran = (0..keys).map(|key| {
                start.wait();
                timed(|| work(key, thread, store))
            });
            ran.collect::<Vec<_>>().into_iter()
        });
        let mut by_thread = by_thread;
        (0..keys)
            .map(|_| by_thread.iter_mut().filter_map(Iterator::next).collect())
            .collect()
    }

    /// One thread runs `act` while the others repeatedly call `look` until it is done. Returns whether a look
    /// overlapped the act. `look` gets the number of its thread, and returns a description of any forbidden state that
    /// it saw.
    pub(crate) fn look_on<T: Send>(
        &self,
        call: &str,
        act: impl Fn(&AuthStore) -> authstore::Result<T> + Sync,
        look: impl Fn(usize, &AuthStore) -> authstore::Result<Option<String>> + Sync,
    ) -> Verdict<bool> {
        const MIN_READS: usize = 6;
        // So that the race also ends if `act` panics.
        const MAX_READS: usize = 500;
        let done = AtomicBool::new(false);
        let ran = self.at_once_untimed(THREADS, |thread, store| {
            if thread == 0 {
                let acted = timed(|| act(store).map(|_| None));
                done.store(true, Ordering::SeqCst);
                return vec![acted];
            }
            (0..MAX_READS)
                .take_while(|looks| *looks < MIN_READS || !done.load(Ordering::SeqCst))
                .map(|_| timed(|| look(thread, store)))
                .collect::<Vec<_>>()
        });
        for one in ran.iter().flatten() {
            match &one.value {
                Ok(None) => {}
                Ok(Some(seen)) => {
                    return Err(Failure::broken(format!(
                        "while {call} was in progress, another thread saw {seen}"
                    )));
                }
                Err(error) => {
                    return Err(
                        Failure::broken(format!("{call}, or a concurrent read, failed"))
                            .got(show_error(error)),
                    );
                }
            }
        }
        let act = &ran[0][0];
        Ok(ran[1..]
            .iter()
            .flatten()
            .any(|look| look.called < act.returned && act.called < look.returned))
    }

    /// Repeats a race until calls have overlapped often enough. `round` gets the number of the round, from 1, and
    /// returns whether calls overlapped.
    pub(crate) fn rounds(&self, round: impl FnMut(u128) -> Verdict<bool>) -> Verdict {
        self.repeat(self.rounds, round)
    }

    /// Like [`rounds`](Race::rounds), for a race that hardly misses a gap in one round.
    pub(crate) fn few_rounds(&self, round: impl FnMut(u128) -> Verdict<bool>) -> Verdict {
        self.repeat((self.rounds / 4).max(20), round)
    }

    /// Like [`rounds`](Race::rounds), until calls have overlapped this many times.
    pub(crate) fn repeat(
        &self,
        wanted: u32,
        mut round: impl FnMut(u128) -> Verdict<bool>,
    ) -> Verdict {
        let start = Instant::now();
        let (mut took_place, mut number) = (0, 0);
        while took_place < wanted {
            // On a storage in memory or a busy machine, it can take long until two calls overlap. On a busy machine,
            // few rounds fit into the time limit, so it only applies after the wanted number of rounds.
            let is_tried = took_place > 0 && number >= u128::from(wanted);
            let time = if is_tried {
                self.time
            } else {
                self.time.max(OVERLAP_TIMEOUT)
            };
            if number > 0 && start.elapsed() > time {
                break;
            }
            number += 1;
            if round(number)? {
                took_place += 1;
                self.tally.overlap();
            }
        }
        if took_place == 0 {
            return Err(Failure::not_run(format!(
                "no two calls overlapped in {number} rounds"
            )));
        }
        Ok(())
    }
}

/// Returns how many racing calls succeeded. All others must have failed with an allowed error.
#[track_caller]
pub(crate) fn winners<T>(
    call: &str,
    ran: &[Ran<authstore::Result<T>>],
    refused: impl Fn(&authstore::Error) -> bool,
) -> Verdict<usize> {
    let mut winners = 0;
    for one in ran {
        match &one.value {
            Ok(_) => winners += 1,
            Err(error) if refused(error) => {}
            Err(error) => {
                return Err(Failure::broken(format!(
                    "{call} by several concurrent callers failed with an unexpected error"
                ))
                .got(show_error(error)));
            }
        }
    }
    Ok(winners)
}

/// Checks that all racing calls succeeded, and returns their results.
#[track_caller]
pub(crate) fn all_succeed<T>(call: &str, ran: Vec<Ran<authstore::Result<T>>>) -> Verdict<Vec<T>> {
    let mut values = Vec::new();
    for one in ran {
        match one.value {
            Ok(value) => values.push(value),
            Err(error) => {
                return Err(Failure::broken(format!(
                    "{call} by several concurrent callers failed"
                ))
                .got(show_error(&error)));
            }
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(times: &[(u64, u64)]) -> Vec<Ran<()>> {
        let start = Instant::now();
        times
            .iter()
            .map(|(called, returned)| Ran {
                value: (),
                called: start + Duration::from_millis(*called),
                returned: start + Duration::from_millis(*returned),
            })
            .collect()
    }

    #[test]
    fn overlapping_calls_are_recognized() {
        assert!(overlapped(&ran(&[(0, 5), (4, 9)])));
        assert!(overlapped(&ran(&[(4, 9), (0, 5)])));
        assert!(overlapped(&ran(&[(0, 9), (1, 2), (3, 4)])));
        assert!(overlapped(&ran(&[(0, 1), (2, 9), (3, 4)])));
    }

    #[test]
    fn sequential_calls_do_not_overlap() {
        assert!(!overlapped(&ran(&[])));
        assert!(!overlapped(&ran(&[(0, 5)])));
        assert!(!overlapped(&ran(&[(0, 5), (5, 9), (10, 11)])));
    }
}
