//! Separate processors for the benchmark and the server.

use std::sync::Arc;

use authstore_test_databases::Server;
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

/// Keeps this thread on one processor and the server on another, until it is dropped. The scheduler would place each of
/// the server's processes on its own, and one on the same processor answers in half the time.
pub(crate) struct Processors {
    all: CpuSet,
    server: Arc<Server>,
}

impl Processors {
    /// Returns `None` if there is only one processor, or the server is not in a container of ours.
    pub(crate) fn separate(server: &Arc<Server>) -> Option<Self> {
        if super::is_trial() || !server.is_container() {
            return None;
        }
        let all = sched_getaffinity(Pid::from_raw(0)).expect("the processors");
        let mut indices = indices(&all);
        let (ours, theirs) = (indices.next()?, indices.next()?);
        let mut one = CpuSet::new();
        one.set(ours).expect("a processor");
        sched_setaffinity(Pid::from_raw(0), &one).expect("one of ours");
        let processors = Processors {
            all,
            server: Arc::clone(server),
        };
        processors.place(&theirs.to_string());
        Some(processors)
    }

    fn place(&self, processors: &str) {
        if let Err(reason) = self.server.use_processors(processors) {
            eprintln!("the server stays on its processors: {reason}");
        }
    }
}

impl Drop for Processors {
    fn drop(&mut self) {
        if let Err(error) = sched_setaffinity(Pid::from_raw(0), &self.all) {
            eprintln!("this thread stays on one processor: {error}");
        }
        let all: Vec<_> = indices(&self.all).map(|index| index.to_string()).collect();
        self.place(&all.join(","));
    }
}

fn indices(processors: &CpuSet) -> impl Iterator<Item = usize> {
    (0..CpuSet::count()).filter(|&index| processors.is_set(index) == Ok(true))
}
