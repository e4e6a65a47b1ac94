//! Faults with transactions.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use authstore::{PoolState, SqlRow, SqlValue};
use authstore_conformance::{Model, Runner};

use super::fault::*;

/// What a transaction does wrong, which works on a copy of the storage and is committed unless that has changed.
trait Wrong: Send + Sync + 'static {
    /// Commits the copy. Returns false if another has changed the storage.
    fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
        db.with(|model| {
            let is_unchanged = model == begin;
            if is_unchanged {
                model.clone_from(copy);
            }
            is_unchanged
        })
    }

    fn roll_back(_db: &Reference, _copy: &Model) {}

    /// Whether operations are rejected after the end.
    const ENDS: bool = true;

    /// Whether every operation is rejected after one has failed.
    const FAILS_AS_A_WHOLE: bool = false;

    /// Whether a transaction may begin in another.
    const NESTS: bool = false;
}

struct Transaction<W> {
    db: Reference,
    begin: Model,
    open: Open<W>,
    conflicted: AtomicBool,
}

/// The operations of an open transaction.
struct Open<W> {
    copy: Reference,
    ended: Arc<AtomicBool>,
    failed: Arc<AtomicBool>,
    wrong: PhantomData<W>,
}

impl<W> Clone for Open<W> {
    fn clone(&self) -> Self {
        Open {
            copy: self.copy.clone(),
            ended: Arc::clone(&self.ended),
            failed: Arc::clone(&self.failed),
            wrong: PhantomData,
        }
    }
}

fn begin<W: Wrong>(db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
    Ok(Some(Box::new(begun::<W>(db)?)))
}

fn begun<W: Wrong>(db: &Reference) -> Result<Transaction<W>> {
    let begin = db.with(|model| model.clone())?;
    let copy = Reference::new();
    AuthStore::new(copy.clone()).migrate()?;
    copy.with(|model| model.clone_from(&begin))?;
    Ok(Transaction {
        db: db.clone(),
        begin,
        open: Open {
            copy,
            ended: Arc::default(),
            failed: Arc::default(),
            wrong: PhantomData,
        },
        conflicted: AtomicBool::default(),
    })
}

/// A transaction in which operations have a fault.
struct Inside<F> {
    transaction: Transaction<how::Nothing>,
    operations: Arc<Handle<F>>,
}

/// Begins a transaction in which operations have this fault.
fn begin_with<F: Fault>(db: &Reference, fault: F) -> Result<Option<Box<dyn BackendTransaction>>> {
    let transaction = begun(db)?;
    let operations = Arc::new(Handle {
        db: transaction.open.copy.clone(),
        fault,
    });
    Ok(Some(Box::new(Inside {
        transaction,
        operations,
    })))
}

impl<F: Fault> BackendTransaction for Inside<F> {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::clone(&self.operations) as Arc<dyn Backend>
    }

    fn execute(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<u64> {
        self.transaction.execute(sql, parameters)
    }

    fn query(&self, sql: &'static str, parameters: &[SqlValue]) -> Result<Vec<SqlRow>> {
        self.transaction.query(sql, parameters)
    }

    fn commit(&self) -> Result<()> {
        self.transaction.commit()
    }

    fn roll_back(&self) {
        self.transaction.roll_back();
    }

    fn may_repeat(&self) -> bool {
        self.transaction.may_repeat()
    }
}

/// Stores a user and the user's account in two steps.
#[derive(Default)]
struct Halves;

impl Fault for Halves {
    fn create_user_with_account(
        &self,
        db: &Reference,
        user: &User,
        account: &Account,
    ) -> Result<()> {
        db.create_user(user)?;
        db.link_account(account)
    }
}

/// Remembers users until they are written.
#[derive(Clone, Default)]
struct Remembers(Arc<Mutex<BTreeMap<Uuid, User>>>);

impl Remembers {
    fn forget(&self, id: Uuid) {
        self.0.lock().expect("no panic while held").remove(&id);
    }
}

impl Fault for Remembers {
    fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
        let found = db.get_user(id)?;
        let mut known = self.0.lock().expect("no panic while held");
        known.extend(found.iter().map(|user| (id, user.clone())));
        Ok(found)
    }

    fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
        self.forget(id);
        db.update_user(id, changes)
    }

    fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
        self.forget(id);
        db.delete_user(id)
    }
}

impl<W: Wrong> Open<W> {
    fn run<T>(&self, work: impl FnOnce(&Reference) -> Result<T>) -> Result<T> {
        if W::ENDS && self.ended.load(Ordering::SeqCst) {
            return Err(Error::invalid("transaction", "has ended"));
        }
        if self.failed.load(Ordering::SeqCst) {
            return Err(Error::backend("the transaction is aborted"));
        }
        let done = work(&self.copy);
        if done.is_err() && W::FAILS_AS_A_WHOLE {
            self.failed.store(true, Ordering::SeqCst);
        }
        done
    }
}

macro_rules! operations {
    ({} $(fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        impl<W: Wrong> Backend for Open<W> {
            fn name(&self) -> &'static str {
                "broken"
            }

            $(fn $name(&self $(, $argument: $kind)*) -> Result<$result> {
                self.run(|copy| copy.$name($($argument),*))
            })*

            fn begin(&self) -> Result<Option<Box<dyn BackendTransaction>>> {
                if W::NESTS {
                    return begin::<W>(&self.copy);
                }
                Err(Error::invalid("transaction", "is inside another"))
            }

            fn pool_state(&self) -> Option<PoolState> {
                None
            }

            fn migrator(&self) -> Option<Migrator> {
                None
            }
        }
    };
}

authstore::for_each_operation!(operations! {});

impl<W: Wrong> BackendTransaction for Transaction<W> {
    fn backend(&self) -> Arc<dyn Backend> {
        Arc::new(self.open.clone())
    }

    fn execute(&self, _: &'static str, _: &[SqlValue]) -> Result<u64> {
        Err(Error::backend("there is no SQL"))
    }

    fn query(&self, _: &'static str, _: &[SqlValue]) -> Result<Vec<SqlRow>> {
        Err(Error::backend("there is no SQL"))
    }

    fn commit(&self) -> Result<()> {
        self.open.ended.store(true, Ordering::SeqCst);
        let copy = self.open.copy.with(|model| model.clone())?;
        if W::commit(&self.db, &self.begin, &copy)? {
            return Ok(());
        }
        self.conflicted.store(true, Ordering::SeqCst);
        Err(Error::unavailable("another transaction was first"))
    }

    fn roll_back(&self) {
        if self.open.ended.swap(true, Ordering::SeqCst) {
            return;
        }
        let copy = self.open.copy.with(|model| model.clone());
        W::roll_back(&self.db, &copy.expect("a storage in memory"));
    }

    fn may_repeat(&self) -> bool {
        self.conflicted.load(Ordering::SeqCst)
    }
}

/// Writes the copy, whatever others have written.
fn overwrite(db: &Reference, copy: &Model) -> Result<bool> {
    db.with(|model| model.clone_from(copy)).map(|()| true)
}

/// A backend whose transactions are wrong in this way.
macro_rules! wrong {
    ($($name:ident { $($body:tt)* })*) => {
        $(
            pub(super) struct $name;
            impl Wrong for $name { $($body)* }
        )*
    };
}

mod how {
    use super::*;

    wrong! {
        Nothing {}
        Overwrites {
            fn commit(db: &Reference, _: &Model, copy: &Model) -> Result<bool> {
                pause();
                overwrite(db, copy)
            }
        }
        CommitsTwice {
            fn commit(db: &Reference, begin: &Model, copy: &Model) -> Result<bool> {
                let mut half = copy.clone();
                if let Some(user) = half.users.last_key_value().map(|(id, _)| *id) {
                    half.delete_user(user);
                }
                if !Nothing::commit(db, begin, &half)? {
                    return Ok(false);
                }
                pause();
                Nothing::commit(db, &half, copy)
            }
        }
        KeepsWhatFailed {
            fn roll_back(db: &Reference, copy: &Model) {
                let _ = overwrite(db, copy);
            }
        }
        KeepsChallenges {
            fn roll_back(db: &Reference, copy: &Model) {
                let _ = db.with(|model| model.challenges.clone_from(&copy.challenges));
            }
        }
        KeepsTokens {
            fn roll_back(db: &Reference, copy: &Model) {
                let _ = db.with(|model| model.verification_tokens.clone_from(&copy.verification_tokens));
            }
        }
        Forgets {
            fn commit(_: &Reference, _: &Model, _: &Model) -> Result<bool> {
                Ok(true)
            }
        }
        NeverEnds {
            const ENDS: bool = false;
        }
        FailsAsAWhole {
            const FAILS_AS_A_WHOLE: bool = true;
        }
        Nests {
            const NESTS: bool = true;
        }
    }
}

/// A fault of all transactions.
macro_rules! transactions {
    ($how:ident) => {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin::<how::$how>(db)
        }
    };
}

faults! {
    ForgetsTransactions "transaction.commits": "Writes nothing when a transaction is committed." {
        transactions!(Forgets);
    }

    KeepsFailedTransactions "transaction.rolls_back": "Commits a transaction whose work failed." {
        transactions!(KeepsWhatFailed);
    }

    RemembersUncommitted (Remembers) "transaction.rolls_back": "Remembers a user that was read in a transaction, also if it is rolled back." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, self.0.clone())
        }

        fn get_user(&self, db: &Reference, id: Uuid) -> Result<Option<User>> {
            let known = self.0.0.lock().expect("no panic while held").get(&id).cloned();
            known.map_or_else(|| db.get_user(id), |user| Ok(Some(user)))
        }

        fn update_user(&self, db: &Reference, id: Uuid, changes: &UserChanges) -> Result<User> {
            self.0.update_user(db, id, changes)
        }

        fn delete_user(&self, db: &Reference, id: Uuid) -> Result<bool> {
            self.0.delete_user(db, id)
        }
    }

    LeavesHalves "transaction.an_error_undoes_only_its_operation": "Leaves the user in a transaction when the account cannot be linked." {
        fn begin(&self, db: &Reference) -> Result<Option<Box<dyn BackendTransaction>>> {
            begin_with(db, Halves)
        }
    }

    AbortsTransactions "transaction.an_error_undoes_only_its_operation": "Rejects every operation after one in the transaction has failed." {
        transactions!(FailsAsAWhole);
    }

    TransactionsWithoutEnd "transaction.ends": "Accepts operations after a transaction has ended." {
        transactions!(NeverEnds);
    }

    NestsTransactions "transaction.ends": "Begins a transaction in a transaction." {
        transactions!(Nests);
    }

    CommitsInTwoSteps "transaction.one_moment": "Commits a transaction in two steps." {
        transactions!(CommitsTwice);
    }

    OverwritesOthers "transaction.all_survive": "Overwrites what others have written while a transaction was open." {
        transactions!(Overwrites);
    }

    ChallengesOutside "transaction.rolls_back": "Keeps challenges in a store that takes no part in transactions." {
        transactions!(KeepsChallenges);
    }

    TokensOutside "transaction.rolls_back": "Keeps verification tokens in a store that takes no part in transactions." {
        transactions!(KeepsTokens);
    }
}

#[derive(Default)]
struct Right;

impl Fault for Right {
    transactions!(Nothing);
}

#[test]
fn right_transactions_keep_the_rules() {
    let certificate = Runner::new(Broken::<Right>::new())
        .only("transaction")
        .run();
    assert_eq!(certificate.counts.failed, 0, "{certificate:#?}");
    assert_eq!(certificate.counts.passed, 6, "{certificate:#?}");
}
