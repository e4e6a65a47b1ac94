//! Writers that sign people up until they are told to stop, and the supervision of their calls.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::time::OffsetDateTime;
use authstore::uuid::Uuid;
use authstore::{AuthStore, NewSession, NewUser, Result, SessionChanges, VerificationToken};

use crate::note::{Event, Note};

/// The number of writing threads.
pub(crate) const WRITERS: usize = 8;

/// Added to the documented limits, because calls may be slow on a busy machine without being stuck.
const SLACK: Duration = Duration::from_secs(10);

/// Give up on a call that takes this many times its limit.
const GIVEN_UP: u32 = 4;

type Step = fn(&AuthStore, Uuid) -> Result<bool>;

/// The writes for each person, in this order.
pub(crate) const STEPS: [Step; 5] = [
    |store, id| {
        let user = NewUser {
            id: Some(id),
            email: Some(email(id)),
            ..NewUser::default()
        };
        store.create_user(user).map(|_| true)
    },
    |store, id| {
        let session = NewSession::new(id, first_token(id), expires());
        store.create_session(session).map(|_| true)
    },
    |store, id| {
        let rotated = SessionChanges {
            session_token: Some(rotated_token(id)),
            ..SessionChanges::default()
        };
        let session = store.update_session(&first_token(id), rotated)?;
        Ok(session.is_some())
    },
    |store, id| {
        let token = VerificationToken::new(email(id), id.to_string(), expires());
        store.create_verification_token(token).map(|_| true)
    },
    use_token,
];

pub(crate) fn first_token(person: Uuid) -> String {
    format!("{person}-first")
}

pub(crate) fn rotated_token(person: Uuid) -> String {
    format!("{person}-rotated")
}

fn email(person: Uuid) -> String {
    format!("{person}@example.org")
}

fn expires() -> OffsetDateTime {
    OffsetDateTime::now_utc() + Duration::from_secs(3600)
}

fn use_token(store: &AuthStore, person: Uuid) -> Result<bool> {
    let used = store.use_verification_token(&email(person), &person.to_string())?;
    Ok(used.is_some())
}

/// Writes with `threads` threads until `over`, and reports to `report`. A call is stuck once it has taken longer than
/// `limit`, the documented one, and some more for a busy machine.
///
/// Ends the process if a call does not return at all.
pub(crate) fn write(
    store: &AuthStore,
    threads: usize,
    limit: Duration,
    over: &AtomicBool,
    report: &(dyn Fn(Note) + Sync),
) {
    let at_work = AtomicUsize::new(threads);
    let calls: Vec<Call> = (0..threads).map(|_| Call::default()).collect();
    thread::scope(|scope| {
        for call in &calls {
            let at_work = &at_work;
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    sign_up(store, call, report);
                }
                at_work.fetch_sub(1, Ordering::Relaxed);
            });
        }
        while at_work.load(Ordering::Relaxed) > 0 {
            thread::sleep(Duration::from_millis(20));
            for call in &calls {
                call.watch(limit + SLACK, report);
            }
        }
    });
}

/// Writes for one new person, up to the first write that is not acknowledged.
fn sign_up(store: &AuthStore, call: &Call, report: &(dyn Fn(Note) + Sync)) {
    let person = Uuid::now_v7();
    let note = |event, took| {
        report(Note {
            person,
            event,
            took,
        });
    };
    note(Event::Begun, Duration::ZERO);
    for step in STEPS {
        let (result, took) = call.time(person, || step(store, person));
        let event = Event::of(result);
        let acknowledged = event == Event::Acknowledged;
        note(event, took);
        if !acknowledged {
            // Pause, as a real program would, while the server is down.
            thread::sleep(Duration::from_millis(5));
            return;
        }
    }
    let (again, took) = call.time(person, || use_token(store, person));
    if let Ok(true) = again {
        note(Event::Repeated, took);
    }
}

/// The current call of a writer.
#[derive(Default)]
struct Call(Mutex<Option<InFlight>>);

struct InFlight {
    person: Uuid,
    since: Instant,
    is_reported: bool,
}

impl Call {
    fn time<T>(&self, person: Uuid, call: impl FnOnce() -> T) -> (T, Duration) {
        let since = Instant::now();
        self.set(Some(InFlight {
            person,
            since,
            is_reported: false,
        }));
        let result = call();
        self.set(None);
        (result, since.elapsed())
    }

    fn set(&self, in_flight: Option<InFlight>) {
        *self.0.lock().expect("no panic") = in_flight;
    }

    fn watch(&self, limit: Duration, report: &(dyn Fn(Note) + Sync)) {
        let mut call = self.0.lock().expect("no panic");
        let Some(in_flight) = call.as_mut() else {
            return;
        };
        let took = in_flight.since.elapsed();
        if took > limit && !in_flight.is_reported {
            in_flight.is_reported = true;
            report(Note {
                person: in_flight.person,
                event: Event::Stuck,
                took,
            });
        }
        if took > limit * GIVEN_UP {
            eprintln!("stuck: a call has not returned for {} s", took.as_secs());
            std::process::exit(1);
        }
    }
}
