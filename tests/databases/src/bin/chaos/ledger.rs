use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use authstore::uuid::Uuid;

use crate::note::{Event, Note};

/// Much longer than the store needs once its database answers.
const RECOVERY_TIMEOUT: Duration = Duration::from_secs(60);

/// The reports of the writers.
#[derive(Default)]
pub(crate) struct Ledger(Mutex<Entries>);

/// The sum of all notes.
#[derive(Clone, Default)]
pub(crate) struct Entries {
    pub(crate) records: HashMap<Uuid, Record>,
    pub(crate) acknowledged: u64,
    pub(crate) repeated: u64,
    pub(crate) stuck: u64,
    pub(crate) longest_call: Duration,
    pub(crate) failures: Vec<String>,
}

/// What is known about one person's writes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Record {
    /// The number of acknowledged steps.
    pub(crate) acknowledged: usize,
    pub(crate) next: Next,
}

/// What is known about the write after the acknowledged ones.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Next {
    /// Nothing: the writer was killed, or stopped.
    #[default]
    Unheard,
    Unknown,
    Unavailable,
    Contradicted,
}

impl Ledger {
    pub(crate) fn note(&self, note: Note) {
        let mut entries = self.entries();
        entries.longest_call = entries.longest_call.max(note.took);
        let record = entries.records.entry(note.person).or_default();
        match note.event {
            Event::Begun => {}
            Event::Acknowledged => {
                record.acknowledged += 1;
                entries.acknowledged += 1;
            }
            Event::Unknown => record.next = Next::Unknown,
            Event::Unavailable => record.next = Next::Unavailable,
            Event::Contradicted => record.next = Next::Contradicted,
            Event::Repeated => entries.repeated += 1,
            Event::Stuck => entries.stuck += 1,
            Event::Failed(reason) => entries.failures.push(reason),
        }
    }

    /// Waits until this many more writes are acknowledged, and returns how long that took.
    pub(crate) fn wait_for_writes(&self, count: u64) -> Result<Duration, String> {
        let start = Instant::now();
        let goal = self.entries().acknowledged + count;
        while self.entries().acknowledged < goal {
            if start.elapsed() > RECOVERY_TIMEOUT {
                let seconds = RECOVERY_TIMEOUT.as_secs();
                return Err(format!("fewer than {count} writes in {seconds} s"));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(start.elapsed())
    }

    pub(crate) fn into_entries(self) -> Entries {
        self.0.into_inner().expect("no panic")
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().expect("no panic")
    }
}
