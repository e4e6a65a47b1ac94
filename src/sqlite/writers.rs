//! The queue of the writers of a process, and the groups in which they commit.
//!
//! SQLite has one writer at a time, and its commit waits for the disk. Writers that wait together share one
//! transaction: the first begins it, each in turn runs its own part on the one connection, and the last commits. A part
//! that fails is undone alone: a single statement undoes itself, and several have a savepoint. No writer gets its
//! result before that.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::connection::SqliteConnection;
use super::error::{TimeLimit, name_limit};
use super::log::Log;
use super::{BEGIN, Connector, RELEASE, ROLLBACK_TO, SAVEPOINT, roll_back};
use crate::error::{Error, Result};
use crate::pool::{Checkout, Pool};
use crate::sql::Connection;

/// The maximum number of writers that share a transaction.
const GROUP_SIZE: usize = 64;

/// The age after which no more writers may join a transaction, so that other processes get their turn.
const GROUP_AGE: Duration = Duration::from_millis(10);

/// How long a waiting writer lets other threads run before it sleeps: about as long as a commit takes on a fast disk.
const WATCH: Duration = Duration::from_micros(100);

/// The least number of writers for which those that wait do so.
const CROWD: usize = 4;

/// The queue. Clones share it.
#[derive(Clone)]
pub(super) struct Writers(Arc<Mutex<Line>>, Arc<Log>);

#[derive(Default)]
struct Line {
    /// Whether a writer is active.
    taken: bool,
    /// The waiting writers, in the order of their arrival.
    waiting: VecDeque<Arc<Ticket>>,
}

/// A place in the queue, where the writer learns what happens next.
struct Ticket {
    /// Whether the writer wants a transaction that no other shares.
    alone: bool,
    notice: Mutex<Option<Notice>>,
    noticed: Condvar,
}

enum Notice {
    /// It is the writer's turn, and no transaction is open.
    Begin,
    /// It is the writer's turn, in this transaction.
    Join(Box<Group>),
    /// The transaction that the writer took part in has ended.
    Ended(Verdict),
}

/// The end of a shared transaction.
pub(super) enum Verdict {
    /// It is committed: each result is final, including errors.
    Stands,
    /// It was rolled back because of one writer. The others run again, alone.
    Again,
    /// It could not be committed.
    Failed(Error),
}

/// An open transaction. Dropping it rolls it back, and those who shared it run again.
struct Group {
    connection: Checkout<Connector>,
    alone: bool,
    since: Instant,
    /// Those whose part is done.
    members: Vec<Arc<Ticket>>,
    undo: Undo,
    /// The last field, so that the connection is back in the pool before the next writer needs one.
    turn: Turn,
}

/// Whether a writer's part has one statement or several.
#[derive(Clone, Copy)]
pub(super) enum Steps {
    One,
    Several,
}

/// How to undo the last part if it fails.
#[derive(Clone, Copy)]
enum Undo {
    /// Roll back: it is the only part of the transaction.
    All,
    /// Roll back to its savepoint.
    ToSavepoint,
    /// A single statement that fails undoes itself, and a savepoint would cost as much as the statement. But it may
    /// have succeeded and returned a row that cannot be read, or a trigger may have failed and kept earlier changes.
    /// Then SQLite has counted more changes than this, and all parts are undone.
    IfChanged(u64),
}

impl Ticket {
    fn new(alone: bool) -> Arc<Self> {
        Arc::new(Ticket {
            alone,
            notice: Mutex::default(),
            noticed: Condvar::new(),
        })
    }

    fn give(&self, notice: Notice) {
        *self.notice.lock() = Some(notice);
        self.noticed.notify_one();
    }

    /// Lets other threads run for a moment, until there is a notice. Being woken takes longer than the part of most
    /// writers, so if all slept, the group would mostly wait for threads to wake. With few writers, the other threads
    /// would be those of other programs, which may run for longer.
    fn watch(&self, writers: usize) {
        if writers < CROWD {
            return;
        }
        let begun = Instant::now();
        while self.notice.lock().is_none() && begun.elapsed() < WATCH {
            thread::yield_now();
        }
    }

    fn wait(&self) -> Notice {
        let mut notice = self.notice.lock();
        loop {
            match notice.take() {
                Some(notice) => return notice,
                None => self.noticed.wait(&mut notice),
            }
        }
    }

    fn wait_until(&self, deadline: Instant) -> Option<Notice> {
        let mut notice = self.notice.lock();
        while notice.is_none() {
            if self.noticed.wait_until(&mut notice, deadline).timed_out() {
                break;
            }
        }
        notice.take()
    }
}

impl Writers {
    pub(super) fn new(log: Option<PathBuf>, busy_timeout: Duration) -> Self {
        Writers(Arc::default(), Arc::new(Log::new(log, busy_timeout)))
    }

    /// Waits for a turn, runs `work` in the open transaction or in one that it begins, and waits until the transaction
    /// has ended. A panic in `work` undoes only its own part.
    pub(super) fn run<T>(
        &self,
        pool: &Pool<Connector>,
        alone: bool,
        steps: Steps,
        timeout: Duration,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T>,
    ) -> Result<(Result<T>, Verdict)> {
        let ticket = Ticket::new(alone);
        let mut group = self.join(&ticket, pool, steps, timeout)?;
        let done = catch_unwind(AssertUnwindSafe(|| work(&mut group.connection)));
        let verdict = group.conclude(ticket, matches!(done, Ok(Ok(_))));
        match done {
            Ok(done) => Ok((done, verdict)),
            Err(panic) => resume_unwind(panic),
        }
    }

    fn join(
        &self,
        ticket: &Arc<Ticket>,
        pool: &Pool<Connector>,
        steps: Steps,
        timeout: Duration,
    ) -> Result<Group> {
        if let Notice::Join(mut group) = self.wait(ticket, ("busy_timeout", timeout))? {
            group.undo = match steps {
                Steps::One => Undo::IfChanged(group.connection.0.total_changes()),
                Steps::Several => {
                    group.connection.execute(SAVEPOINT, &[])?;
                    Undo::ToSavepoint
                }
            };
            return Ok(*group);
        }
        let turn = Turn(self.clone());
        let mut connection = pool.get()?;
        connection
            .execute(BEGIN, &[])
            .map_err(|error| name_limit(error, ("busy_timeout", timeout)))?;
        Ok(Group {
            connection,
            alone: ticket.alone,
            since: Instant::now(),
            members: Vec::new(),
            undo: Undo::All,
            turn,
        })
    }

    /// Returns how many writers wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.0.lock().waiting.len()
    }

    /// Waits for a turn without a transaction.
    pub(super) fn turn(&self, limit: TimeLimit) -> Result<Turn> {
        self.wait(&Ticket::new(true), limit)?;
        Ok(Turn(self.clone()))
    }

    fn wait(&self, ticket: &Arc<Ticket>, (option, timeout): TimeLimit) -> Result<Notice> {
        let waiting = {
            let mut line = self.0.lock();
            if !line.taken {
                line.taken = true;
                return Ok(Notice::Begin);
            }
            line.waiting.push_back(Arc::clone(ticket));
            line.waiting.len()
        };
        // If the timeout overflows, there is none.
        let deadline = Instant::now().checked_add(timeout);
        ticket.watch(waiting);
        let Some(deadline) = deadline else {
            return Ok(ticket.wait());
        };
        if let Some(notice) = ticket.wait_until(deadline) {
            return Ok(notice);
        }
        let mut line = self.0.lock();
        let place = line
            .waiting
            .iter()
            .position(|other| Arc::ptr_eq(other, ticket));
        match place {
            Some(place) => {
                line.waiting.remove(place);
                Err(
                    Error::unavailable("timed out waiting for other writers of this process")
                        .after(option, timeout),
                )
            }
            // Its turn came at the same moment.
            None => {
                drop(line);
                Ok(ticket.wait())
            }
        }
    }

    /// Removes the next writer from the queue, if it may join the group.
    fn next(&self, group: &Group) -> Option<Arc<Ticket>> {
        if group.alone || group.members.len() >= GROUP_SIZE || group.since.elapsed() >= GROUP_AGE {
            return None;
        }
        let mut line = self.0.lock();
        match line.waiting.front() {
            Some(next) if !next.alone => line.waiting.pop_front(),
            _ => None,
        }
    }
}

/// A writer's turn. Dropping it passes the turn to the next in the queue.
pub(super) struct Turn(Writers);

impl Turn {
    /// Empties the log if it has grown too large. Called after a commit.
    pub(super) fn limit_log(&self, connection: &mut SqliteConnection) {
        self.0.1.limit(connection);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut line = self.0.0.lock();
        match line.waiting.pop_front() {
            Some(next) => {
                drop(line);
                next.give(Notice::Begin);
            }
            None => line.taken = false,
        }
    }
}

impl Group {
    /// Keeps or undoes the last part, and waits until the transaction has ended.
    fn conclude(mut self, ticket: Arc<Ticket>, keep: bool) -> Verdict {
        if !self.can_continue(keep) {
            // What failed may have seen what others wrote, which is undone now too.
            return if keep || !self.members.is_empty() {
                Verdict::Again
            } else {
                Verdict::Stands
            };
        }
        self.members.push(Arc::clone(&ticket));
        let writers = self.members.len() + self.turn.0.waiting();
        self.pass_on();
        ticket.watch(writers);
        match ticket.wait() {
            Notice::Ended(verdict) => verdict,
            Notice::Begin | Notice::Join(_) => Verdict::Again,
        }
    }

    fn can_continue(&mut self, keep: bool) -> bool {
        // SQLite itself rolls everything back if a trigger demands it, or the disk is full.
        if self.connection.0.is_autocommit() {
            return false;
        }
        match (self.undo, keep) {
            (Undo::All, keep) => keep,
            (Undo::IfChanged(before), keep) => keep || self.connection.0.total_changes() == before,
            (Undo::ToSavepoint, true) => self.connection.execute(RELEASE, &[]).is_ok(),
            (Undo::ToSavepoint, false) => {
                self.connection.execute(ROLLBACK_TO, &[]).is_ok()
                    && self.connection.execute(RELEASE, &[]).is_ok()
            }
        }
    }

    /// Hands the transaction to the next writer, or commits it if none is waiting.
    fn pass_on(self) {
        match self.turn.0.next(&self) {
            Some(next) => next.give(Notice::Join(Box::new(self))),
            None => self.commit(),
        }
    }

    fn commit(mut self) {
        let Err(error) = self.connection.commit() else {
            for member in self.members.drain(..) {
                member.give(Notice::Ended(Verdict::Stands));
            }
            self.turn.limit_log(&mut self.connection);
            return;
        };
        roll_back(&mut self.connection);
        // A deferred foreign key is violated. Which part did it shows when each runs alone.
        if matches!(error, Error::Rejected { .. }) && self.members.len() > 1 {
            return;
        }
        for member in self.members.drain(1..) {
            member.give(Notice::Ended(Verdict::Failed(same(&error))));
        }
        if let Some(first) = self.members.pop() {
            first.give(Notice::Ended(Verdict::Failed(error)));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        roll_back(&mut self.connection);
        for member in self.members.drain(..) {
            member.give(Notice::Ended(Verdict::Again));
        }
    }
}

/// Errors cannot be cloned. Returns an equivalent one without the driver's error.
fn same(error: &Error) -> Error {
    match error {
        Error::Unavailable { reason, .. } => Error::unavailable(reason.clone()),
        Error::OutcomeUnknown { reason, .. } => Error::outcome_unknown(reason.clone()),
        Error::Backend { reason, .. } => Error::backend(reason.clone()),
        other => Error::backend(other.to_string()),
    }
}
