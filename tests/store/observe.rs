//! Observing, wrapping and failing.

use std::sync::{Arc, Mutex};

use authstore::testing::{FailingBackend, Fault};
use authstore::{AuthStore, Backend, Error, NewSession, NewUser, SqliteOptions, observe};
use time::macros::datetime;
use uuid::Uuid;

const SECRET: &str = "correct-horse-battery-staple";

fn store() -> AuthStore {
    let store = AuthStore::connect("sqlite::memory:").unwrap();
    store.migrate().unwrap();
    store
}

/// The strings that were added to it.
type Lines = Arc<Mutex<Vec<String>>>;

#[test]
fn an_observer_sees_each_operation_and_no_value() {
    let lines = Lines::default();
    let observer = {
        let lines = Arc::clone(&lines);
        move |observation: &observe::Observation<'_>| {
            let line = format!(
                "{} {} {}",
                observation.backend,
                observation.operation,
                observation.outcome()
            );
            assert_eq!((observation.attempts, observation.reconnects), (1, 0));
            assert!(observation.pool_wait <= observation.duration);
            assert!(!format!("{observation:?}").contains(SECRET));
            lines.lock().unwrap().push(line);
        }
    };
    let store = store();
    store.ping().unwrap();
    let store = store.observe(observer);
    let user = store.create_user(NewUser::default()).unwrap();
    let session = NewSession::new(user.id, SECRET, datetime!(2030-01-01 0:00 UTC));
    store.create_session(session.clone()).unwrap();
    store.create_session(session).unwrap_err();
    store.get_session_and_user(SECRET).unwrap().unwrap();
    store
        .update_user(Uuid::nil(), authstore::UserChanges::default())
        .unwrap_err();
    // Nothing reaches the backend.
    assert_eq!(store.get_user_by_email("").unwrap(), None);
    assert_eq!(
        *lines.lock().unwrap(),
        [
            "sqlite create_user ok",
            "sqlite create_session ok",
            "sqlite create_session conflict",
            "sqlite get_session_and_user ok",
            "sqlite update_user not_found",
        ]
    );
}

#[test]
fn every_observer_is_called_once() {
    let lines = Lines::default();
    let add = |name: &'static str| {
        let lines = Arc::clone(&lines);
        move |_: &observe::Observation<'_>| lines.lock().unwrap().push(name.to_owned())
    };
    let store = store().observe(add("first")).observe(add("second"));
    store.ping().unwrap();
    assert_eq!(*lines.lock().unwrap(), ["first", "second"]);
}

/// A store on which these operations fail with this error.
fn failing(operation: &'static str, fault: fn() -> Fault) -> AuthStore {
    let backend = SqliteOptions::memory().open().unwrap();
    let store = AuthStore::new(FailingBackend::new(backend, move |called| {
        if called == operation {
            fault()
        } else {
            Fault::None
        }
    }));
    store.migrate().unwrap();
    store
}

#[test]
fn errors_name_the_operation_once() {
    let store = failing("ping", || {
        Fault::Before(Error::unavailable("the cable is cut"))
    });
    for store in [store.clone(), store.observe(|_| {})] {
        assert_eq!(
            store.ping().unwrap_err().to_string(),
            "database unavailable: ping: the cable is cut"
        );
    }
}

#[test]
fn a_lost_answer_leaves_the_write_done() {
    let store = failing("create_user", || {
        Fault::After(Error::outcome_unknown("the answer got lost"))
    });
    let user = NewUser {
        id: Some(Uuid::now_v7()),
        ..NewUser::default()
    };
    let error = store.create_user(user.clone()).unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
    assert!(store.get_user(user.id.unwrap()).unwrap().is_some());
    // The backend's own error is kept.
    let error = store.create_user(user).unwrap_err();
    assert!(matches!(error, Error::Conflict { .. }), "{error:?}");
}

#[test]
fn pointers_to_backends_are_backends() {
    let backend = Arc::new(SqliteOptions::memory().open().unwrap());
    let boxed: Box<dyn Backend> = Box::new(backend.clone());
    let stores = [AuthStore::new(backend), AuthStore::new(boxed)];
    stores[0].migrate().unwrap();
    let user = stores[0].create_user(NewUser::default()).unwrap();
    assert_eq!(stores[1].get_user(user.id).unwrap(), Some(user));
    for store in &stores {
        assert_eq!(
            format!("{store:?}"),
            "AuthStore { backend: \"sqlite\", .. }"
        );
        let state = store.pool_state().unwrap();
        assert_eq!((state.max_size, state.in_use, state.waiting), (1, 0, 0));
    }
}

/// The events at each level, for `log` and `tracing`.
fn one_of_each_level(observer: fn(&observe::Observation<'_>)) {
    let fault = |name: &'static str| match name {
        "ping" => Fault::Before(Error::unavailable("busy")),
        "delete_user" => Fault::Before(Error::outcome_unknown("the answer got lost")),
        _ => Fault::None,
    };
    let backend = SqliteOptions::memory().open().unwrap();
    let store = AuthStore::new(FailingBackend::new(backend, fault)).observe(observer);
    store.migrate().unwrap();
    let user = store.create_user(NewUser::default()).unwrap();
    let session = NewSession::new(user.id, SECRET, datetime!(2030-01-01 0:00 UTC));
    store.create_session(session.clone()).unwrap();
    store.create_session(session).unwrap_err();
    store.ping().unwrap_err();
    store.delete_user(user.id).unwrap_err();
}

const EXPECTED: [(&str, &str, &str); 5] = [
    ("TRACE", "create_user", "ok"),
    ("TRACE", "create_session", "ok"),
    ("DEBUG", "create_session", "conflict"),
    ("WARN", "ping", "unavailable"),
    ("ERROR", "delete_user", "outcome_unknown"),
];

struct Logger(Mutex<Vec<String>>);

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        if record.target() == "authstore" {
            let line = format!("{} {}", record.level(), record.args());
            self.0.lock().unwrap().push(line);
        }
    }

    fn flush(&self) {}
}

#[test]
fn the_log_has_a_line_for_each_operation() {
    static LOGGER: Logger = Logger(Mutex::new(Vec::new()));
    log::set_logger(&LOGGER).expect("no other test of this process sets a logger");
    log::set_max_level(log::LevelFilter::Trace);
    one_of_each_level(observe::to_log);
    let lines = LOGGER.0.lock().unwrap();
    assert_eq!(lines.len(), EXPECTED.len(), "{lines:#?}");
    for (line, (level, operation, outcome)) in lines.iter().zip(EXPECTED) {
        let begin =
            format!("{level} operation={operation} backend=sqlite outcome={outcome} duration_us=");
        assert!(line.starts_with(&begin), "{line}");
        assert_eq!(line.contains("error="), outcome != "ok", "{line}");
        assert!(!line.contains(SECRET), "{line}");
    }
}

/// Keeps every event as its level and fields.
struct Events(Lines);

impl tracing::Subscriber for Events {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "authstore"
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        struct Fields(String);
        impl tracing::field::Visit for Fields {
            fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn std::fmt::Debug) {
                self.0 += &format!(" {field}={value:?}");
            }
        }
        let mut fields = Fields(event.metadata().level().to_string());
        event.record(&mut fields);
        self.0.lock().unwrap().push(fields.0);
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}

#[test]
fn tracing_has_an_event_for_each_operation() {
    let lines = Lines::default();
    tracing::subscriber::with_default(Events(Arc::clone(&lines)), || {
        one_of_each_level(observe::to_tracing);
    });
    let lines = lines.lock().unwrap();
    assert_eq!(lines.len(), EXPECTED.len(), "{lines:#?}");
    for (line, (level, operation, outcome)) in lines.iter().zip(EXPECTED) {
        let begin =
            format!("{level} operation=\"{operation}\" backend=\"sqlite\" outcome=\"{outcome}\"");
        assert!(line.starts_with(&begin), "{line}");
        assert_eq!(line.contains("error="), outcome != "ok", "{line}");
        assert!(!line.contains(SECRET), "{line}");
    }
}
