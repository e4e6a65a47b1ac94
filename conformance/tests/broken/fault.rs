//! A backend that does everything right but what its fault does wrong.

use std::marker::PhantomData;
pub(crate) use std::sync::Arc;
use std::sync::OnceLock;
pub(crate) use std::time::Duration;

pub(crate) use authstore::migration::Migrator;
pub(crate) use authstore::{
    Account, AccountChanges, AuthStore, Authenticator, AuthenticatorDetails,
    AuthenticatorDetailsChanges, Backend, BackendTransaction, Challenge, Change, Constraint,
    Entity, Error, ExpiredCounts, PoolState, Removal, Result, Session, SessionChanges,
    SessionDetails, SessionDetailsChanges, User, UserChanges, VerificationToken,
};
pub(crate) use authstore_conformance::Reference;
use authstore_conformance::{
    BoxError, Description, Harness, Outcome, Profile, ReferenceStorage, Runner, Storage,
};
pub(crate) use time::OffsetDateTime;
pub(crate) use uuid::Uuid;

/// Of each operation, what the reference does, for a fault to override, and how a handle gets there.
macro_rules! operations {
    ({} $(fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        /// What a backend does wrong: whatever it overrides.
        ///
        /// Each handle on a storage has a fault of its own, which may remember things.
        pub(crate) trait Fault: Default + Send + Sync + 'static {
            $(fn $name(&self, db: &Reference $(, $argument: $kind)*) -> Result<$result> {
                db.$name($($argument),*)
            })*

            fn name() -> &'static str {
                "broken"
            }

            fn migrator(&self, db: &Reference) -> Option<Migrator> {
                Backend::migrator(db)
            }

            fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
                db.begin()
            }

            fn pool_state(&self, db: &Reference) -> Option<PoolState> {
                db.pool_state()
            }

            /// What a new handle works on, which should be its storage.
            fn opened(&self, storage: &Reference) -> Reference {
                storage.clone()
            }

            /// What happens to a storage when it can be reached again.
            fn restart(_db: &Reference) {}

            /// What happens to a storage when its server is killed.
            fn killed(_db: &Reference) {}

            /// What comes of a wrong password.
            fn refuse(_password: &str) -> Error {
                Error::backend("password authentication failed")
            }
        }

        impl<F: Fault> Backend for Handle<F> {
            fn name(&self) -> &'static str {
                F::name()
            }

            $(fn $name(&self $(, $argument: $kind)*) -> Result<$result> {
                self.fault.$name(&self.db $(, $argument)*)
            })*

            fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
                self.fault.begin(&self.db)
            }

            fn pool_state(&self) -> Option<PoolState> {
                self.fault.pool_state(&self.db)
            }

            fn migrator(&self) -> Option<Migrator> {
                self.fault.migrator(&self.db)
            }
        }
    };
}

authstore::for_each_operation!(operations! {});

/// A backend that breaks a rule.
pub(crate) struct Entry {
    /// The rule that is meant to catch it.
    pub(crate) rule: &'static str,
    /// What it does wrong, in a sentence.
    pub(crate) does: &'static str,
}

/// Faults: name, rule meant for it, what it does wrong, and the operations that do it, with a test for each. A name may
/// be followed by the type of what it remembers, in parentheses.
macro_rules! faults {
    ($($name:ident $(($memory:ty))? $rule:literal: $does:literal { $($body:tt)* })*) => {
        $(
            #[derive(Default)]
            struct $name $(($memory))?;
            impl Fault for $name { $($body)* }
        )*

        pub(crate) fn faults() -> Vec<Entry> {
            vec![$(Entry { rule: $rule, does: $does }),*]
        }

        #[expect(non_snake_case, reason = "a test for each fault bears its name")]
        mod caught {
            $(#[test]
            fn $name() {
                let harness = crate::fault::Broken::<super::$name>::new();
                crate::fault::is_caught(harness, $rule, $does);
            })*
        }
    };
}
pub(crate) use faults;

/// Lets other callers in between a check and the act that follows from it.
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(2));
}

/// Returns a limit of more than 100, rounded up to batches of 100.
pub(crate) fn whole_hundreds(limit: u32) -> u32 {
    match limit {
        0..=100 => limit,
        _ => limit.checked_next_multiple_of(100).unwrap_or(limit),
    }
}

/// Reads a list in pages of 100 rows. `place` is a row's place in the order of the list.
pub(crate) fn by_pages<T, P: Ord>(
    read: impl Fn() -> Result<Vec<T>>,
    place: impl Fn(&T) -> P,
) -> Result<Vec<T>> {
    let mut rows = read()?;
    rows.truncate(100);
    while let Some(last) = rows.last().map(&place) {
        pause();
        let mut rest = read()?;
        rest.retain(|row| place(row) > last);
        rest.truncate(100);
        if rest.is_empty() {
            break;
        }
        rows.extend(rest);
    }
    Ok(rows)
}

/// Ends a list as soon as these texts of its rows have 4 MiB.
pub(crate) fn four_mebibytes<T>(mut rows: Vec<T>, text: impl Fn(&T) -> Option<&String>) -> Vec<T> {
    let mut bytes = 0;
    rows.retain(|row| {
        let has_room = bytes < 4 << 20;
        bytes += text(row).map_or(0, String::len);
        has_room
    });
    rows
}

/// An operation that stores a row, after something has happened to the row.
macro_rules! stores {
    ($operation:ident |$row:ident: $kind:ty| $change:expr) => {
        fn $operation(&self, db: &Reference, given: &$kind) -> Result<()> {
            let mut $row = given.clone();
            $change;
            db.$operation(&$row)
        }
    };
}
pub(crate) use stores;

/// The rule fails the backend, and says why.
pub(crate) fn is_caught(harness: impl Harness, rule: &str, does: &str) {
    let runner = Runner::new(harness).only(rule);
    // A rule about faults may find a backend that hangs by the time limit alone. All others must end on their own,
    // however busy the machine is, so theirs is the suite's default.
    let runner = match rule.starts_with("faults.") {
        true => runner.time_limit(Duration::from_secs(30)),
        false => runner,
    };
    // A fault that shows among very many rows alone says so.
    let runner = match does.contains("`quick`") {
        true => runner.profile(Profile::Certify),
        false => runner,
    };
    let certificate = runner.run();
    let report = certificate.rules.iter().find(|report| report.id == rule);
    let report = report.unwrap_or_else(|| panic!("there is no rule {rule}"));
    let detail = report.detail.as_deref().unwrap_or_default();
    assert_eq!(
        report.outcome,
        Outcome::Failed,
        "{rule} is meant to catch a backend that does this: {does}\n{detail}"
    );
    assert!(
        detail.contains(rule) && detail.contains("replay"),
        "{detail}"
    );
    let slow = detail.contains("did not end within");
    assert!(!slow || rule.starts_with("faults."), "{detail}");
    println!("{detail}");
}

/// The fault of a backend that has none.
#[derive(Default)]
pub(crate) struct Faultless;

impl Fault for Faultless {}

pub(crate) struct Handle<F> {
    pub(crate) db: Reference,
    pub(crate) fault: F,
}

/// The harness of a backend with a fault.
pub(crate) struct Broken<F>(PhantomData<fn() -> F>);

impl<F> Broken<F> {
    pub(crate) fn new() -> Self {
        Broken(PhantomData)
    }
}

impl<F: Fault> Harness for Broken<F> {
    fn describe(&self) -> Description {
        Description::new(std::any::type_name::<F>(), "0")
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        let shared = Arc::new(OnceLock::new());
        let reference = Arc::clone(&shared);
        let storage = ReferenceStorage::new(move |storage: Reference| {
            let _ = shared.set(storage.clone());
            let fault = F::default();
            let db = fault.opened(&storage);
            Handle { db, fault }
        });
        Ok(Box::new(BrokenStorage::<F> {
            storage: Box::new(storage),
            reference,
            fault: PhantomData,
        }))
    }
}

struct BrokenStorage<F> {
    storage: Box<dyn Storage>,
    /// There from the first handle on.
    reference: Arc<OnceLock<Reference>>,
    fault: PhantomData<fn() -> F>,
}

impl<F: Fault> Storage for BrokenStorage<F> {
    fn open(&self) -> Result<AuthStore, BoxError> {
        self.storage.open()
    }

    fn cut_off(&self) -> Result<(), BoxError> {
        self.storage.cut_off()
    }

    fn restore(&self) -> Result<(), BoxError> {
        self.storage.restore()?;
        if let Some(reference) = self.reference.get() {
            F::restart(reference);
        }
        Ok(())
    }

    fn restart(&self) -> Result<(), BoxError> {
        self.storage.restart()?;
        if let Some(reference) = self.reference.get() {
            F::killed(reference);
        }
        Ok(())
    }

    fn pause(&self) -> Result<(), BoxError> {
        self.storage.pause()
    }

    fn hold_answers(&self) -> Result<(), BoxError> {
        self.storage.hold_answers()
    }

    fn resume(&self) -> Result<(), BoxError> {
        self.storage.resume()
    }

    fn open_with_password(&self, password: &str) -> Result<authstore::Result<AuthStore>, BoxError> {
        Ok(Err(F::refuse(password)))
    }
}
