//! Rules for backends with transactions. A backend without them only has to say so.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::{
    AccountChanges, AuthStore, Change, Constraint, Error, NewAccount, SessionChanges, Transaction,
    UserChanges, VerificationToken,
};
use proptest::test_runner::TestCaseError;
use uuid::Uuid;

use crate::application_table::{ApplicationTable, Row};
use crate::call::{Call, Reply};
use crate::context::Context;
use crate::failure::{
    Failure, Verdict, conflicts, ensure, equal, equal_rows, returns, show_error, succeeds,
};
use crate::fixture::{
    account_at, at, authenticator, bare_user, challenge_until, id, look, millis, populate,
    population, session, session_with_token, token, user_with_email,
};
use crate::history::{Event, has_legal_order, show_history};
use crate::model::Model;
use crate::race::{MANY, Race, THREADS, overlapped, timed};
use crate::rules::faults::{every_operation, every_write, setting};
use crate::rules::secrets::{hides, secret};
use crate::rules::storage::{
    agreed, answered, changes_of_each_field, created_anew, every_read, later_writes,
};
use crate::sequence::{ALIKE, any_sequence, compare, test_runner};
use crate::show::Show;

/// Returns whether the backend has transactions.
pub(crate) fn has_transactions(store: &AuthStore) -> Verdict<bool> {
    let mut began = false;
    let outcome = store.transaction(|_| {
        began = true;
        Ok::<_, Error>(())
    });
    match outcome {
        Ok(()) => Ok(true),
        Err(Error::Invalid {
            field: "transaction",
            ..
        }) if !began => Ok(false),
        Err(error) => Err(Failure::broken(
            "an empty transaction failed, and not because the backend has no transactions",
        )
        .got(show_error(&error))),
    }
}

/// Declines the rule for a backend that says that it has no transactions.
pub(super) fn require_transactions(store: &AuthStore) -> Verdict {
    if has_transactions(store)? {
        return Ok(());
    }
    Err(Failure::lacks("The backend has no transactions."))
}

/// The error of work that is to be undone.
fn undo() -> Error {
    Error::invalid("test", "is undone")
}

/// Runs work in a transaction and has it undone.
pub(crate) fn undone<T>(
    store: &AuthStore,
    mut work: impl FnMut(&Transaction) -> Verdict<T>,
) -> Verdict<T> {
    let mut done = None;
    let ended = store.transaction(|tx| {
        done = Some(work(tx));
        Err::<(), _>(undo())
    });
    match (ended, done) {
        (Err(Error::Invalid { field: "test", .. }), Some(done)) => done,
        (other, _) => Err(
            Failure::broken("a transaction did not return the error of its work")
                .got(format!("{other:?}")),
        ),
    }
}

pub(crate) fn commits(context: &Context) -> Verdict {
    let store = context.store();
    if !has_transactions(store)? {
        return Ok(());
    }
    let handles = [store, &context.open()?];
    let reads = every_read();
    let mut model = Model::default();
    // Everything is read before, so that a cache would answer afterwards.
    let read_all = |model: &mut Model, when: &str| {
        handles.iter().try_for_each(|handle| {
            reads
                .iter()
                .try_for_each(|read| agreed(handle, model, read, when))
        })
    };
    read_all(&mut model, "before a transaction")?;
    for calls in [
        population(1..=3),
        every_operation(),
        changes_of_each_field(),
        later_writes(),
    ] {
        model = store.transaction(|tx| {
            let mut model = model.clone();
            for call in &calls {
                agreed(tx, &mut model, call, "in a transaction")?;
            }
            Ok::<_, Failure>(model)
        })?;
        read_all(&mut model, "after a transaction was committed")?;
    }
    Ok(())
}

pub(crate) fn rolls_back(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    populate(store)?;
    let (used, created) = (
        challenge_until(1, millis(1_000)),
        challenge_until(2, millis(1_000)),
    );
    let unused = || -> authstore::Result<()> {
        store.create_verification_token(token(1))?;
        store.create_verification_token(token(2))?;
        store.create_challenge(used.clone()).map(drop)
    };
    unused()?;
    let everyone = || (1..=5).chain([50, 52]);
    let before = look(store, everyone())?;
    let handles = [store, &context.open()?];
    let reads = every_read();
    let read_all = || -> authstore::Result<Vec<Vec<Reply>>> {
        let read_on = |handle| reads.iter().map(|read| read.on_store(handle)).collect();
        handles.map(read_on).into_iter().collect()
    };
    let read_before = read_all()?;
    let work = |tx: &Transaction| -> authstore::Result<()> {
        for call in every_operation() {
            call.on_store(tx)?;
        }
        tx.delete_verification_tokens_by_identifier(&token(2).identifier)?;
        tx.use_challenge(&used.key)?;
        tx.create_challenge(created.clone())?;
        for read in &reads {
            read.on_store(tx)?;
        }
        Ok(())
    };
    // Using up tokens and challenges is the only way to read them.
    let are_as_before = |after: &str| -> Verdict {
        returns(
            format!("the rows after a transaction whose work {after}"),
            look(store, everyone()),
            before.clone(),
        )?;
        // A cache may have taken over what the transaction has read.
        for (now, before) in read_all()?.iter().zip(&read_before) {
            for ((read, now), before) in reads.iter().zip(now).zip(before) {
                equal(
                    format!("{} after a transaction whose work {after}", read.show()),
                    now,
                    before,
                )?;
            }
        }
        for (number, is_there) in [(1, true), (2, true), (54, false)] {
            let token = token(number);
            returns(
                format!("use_verification_token(..) after a transaction whose work {after}"),
                store.use_verification_token(&token.identifier, &token.token),
                is_there.then(|| token.clone()),
            )?;
        }
        for (challenge, is_there) in [(&used, true), (&created, false)] {
            returns(
                format!("use_challenge(..) after a transaction whose work {after}"),
                store.use_challenge(&challenge.key),
                is_there.then(|| challenge.clone()),
            )?;
        }
        Ok(unused()?)
    };
    undone(store, |tx| Ok(work(tx)?))?;
    are_as_before("failed")?;
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.transaction(|tx| {
            work(tx)?;
            // Without the report of a panic.
            std::panic::resume_unwind(Box::new("in the middle"));
            #[expect(unreachable_code, reason = "for the type of the result")]
            Ok::<_, Error>(())
        })
    }));
    equal(
        "whether the work's panic reached the caller",
        panicked.is_err(),
        true,
    )?;
    are_as_before("panicked")?;
    succeeds(
        "a transaction after others were rolled back",
        store.transaction(work),
    )
}

/// Rows on which [`failing_operations`] fail.
pub(super) fn rows() -> Vec<Call> {
    let mut calls = population(1..=3);
    calls.push(Call::CreateVerificationToken(token(1)));
    calls.push(Call::CreateChallenge(challenge_until(1, millis(1_000))));
    calls
}

/// Operations that fail on these [`rows`], some of them in their second half.
pub(super) fn failing_operations() -> Vec<Call> {
    let email = || "user-2@example.org".to_owned();
    let account = |number| NewAccount {
        id: Some(id(4_000)),
        ..account_at(
            number,
            &format!("provider {number}"),
            &format!("account {number}"),
        )
    };
    let session = |changes| Call::UpdateSession("session 11".to_owned(), changes);
    vec![
        Call::CreateUser(user_with_email(4, &email())),
        Call::CreateUserWithAccount(user_with_email(4, &email()), account(4)),
        Call::CreateUserWithAccount(bare_user(4), account(21)),
        Call::CreateUserWithAuthenticator(user_with_email(4, &email()), authenticator(4, 4)),
        Call::CreateUserWithAuthenticator(bare_user(4), authenticator(21, 4)),
        Call::UpdateUser(
            id(1),
            UserChanges {
                name: Change::set("changed"),
                email: Change::Set(email()),
                ..Default::default()
            },
        ),
        Call::LinkAccount(id(1), account(21)),
        Call::LinkAccount(id(4), account(4)),
        Call::CreateSession(session_with_token(4, 4, "session 4")),
        Call::CreateSession(session_with_token(4, 1, "session 21")),
        session(SessionChanges {
            user_id: Some(id(4)),
            expires: Some(millis(1)),
            ..Default::default()
        }),
        session(SessionChanges {
            session_token: Some("session 21".into()),
            expires: Some(millis(1)),
            ..Default::default()
        }),
        Call::CreateAuthenticator(authenticator(4, 4)),
        Call::CreateAuthenticator(authenticator(21, 1)),
        Call::UseAuthenticator("credential-11".to_owned(), 1, true),
        Call::CreateVerificationToken(VerificationToken {
            identifier: "another".to_owned(),
            ..token(1)
        }),
        Call::CreateChallenge(challenge_until(1, millis(1))),
    ]
}

/// Runs [`failing_operations`] in a transaction, and two that succeed.
fn fail_in(tx: &Transaction, model: &mut Model) -> Verdict {
    let mut run = |call: &Call| agreed(tx, model, call, "in a transaction");
    let before = look(tx, 1..=5)?;
    for call in failing_operations() {
        run(&call)?;
        returns(
            format!("the rows after the failed {} in a transaction", call.show()),
            look(tx, 1..=5),
            before.clone(),
        )?;
    }
    run(&Call::CreateUser(bare_user(5)))?;
    run(&Call::CreateSession(session(51, 5)))
}

/// A failed operation as the last of a transaction, and in one whose work fails.
fn fail_at_the_end(store: &AuthStore, model: &mut Model) -> Verdict {
    let rename = |name: &str| {
        let changes = UserChanges {
            name: Change::set(name),
            ..Default::default()
        };
        Call::UpdateUser(id(1), changes)
    };
    for (number, call) in (60..).zip(failing_operations()) {
        let run = |tx: &AuthStore, model: &mut Model, call: &Call| {
            agreed(tx, model, call, "in a transaction")
        };
        undone(store, |tx| {
            let mut model = model.clone();
            run(tx, &mut model, &rename("undone"))?;
            run(tx, &mut model, &call)?;
            run(tx, &mut model, &Call::CreateSession(session(number, 1)))
        })?;
        let reads = [
            Call::GetUser(id(1)),
            Call::GetSessionAndUser(format!("session {number}")),
        ];
        for read in &reads {
            let when = format!(
                "after {} failed in a transaction that was undone",
                call.show()
            );
            agreed(store, model, read, &when)?;
        }
        let mut runs = 0_usize;
        *model = store.transaction(|tx| {
            runs += 1;
            let mut model = model.clone();
            run(tx, &mut model, &rename(&format!("name {number}")))?;
            run(tx, &mut model, &call)?;
            Ok::<_, Failure>(model)
        })?;
        equal(
            format!("how often the work ran in which {} failed", call.show()),
            runs,
            1,
        )?;
        let error = call.on_model(&mut model.clone()).err();
        let mut runs = 0_usize;
        let ended: authstore::Result<()> = store.transaction(|tx| {
            runs += 1;
            call.on_store(tx).map(drop)
        });
        equal(
            format!(
                "how often the work ran that returned the error of {}, and whether it returned it",
                call.show()
            ),
            (runs, ended.is_err()),
            (1, error.is_some()),
        )?;
        let when = format!("after {} failed at the end of a transaction", call.show());
        agreed(store, model, &reads[0], &when)?;
    }
    Ok(())
}

pub(crate) fn an_error_undoes_only_its_operation(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    // First on rows of the transaction itself.
    undone(store, |tx| {
        let mut model = Model::default();
        for call in rows() {
            agreed(tx, &mut model, &call, "in a transaction")?;
        }
        fail_in(tx, &mut model)
    })?;
    let mut model = Model::default();
    for call in rows() {
        agreed(
            store,
            &mut model,
            &call,
            "after a transaction in which operations failed was undone",
        )?;
    }
    fail_at_the_end(store, &mut model)?;
    let committed = store.transaction(|tx| {
        fail_in(tx, &mut model.clone())?;
        Ok::<_, Failure>(look(tx, 1..=5)?)
    })?;
    returns(
        "the rows after a transaction in which operations failed",
        look(store, 1..=5),
        committed,
    )
}

/// Declines the rule for a backend whose transactions run no SQL.
fn require_sql(store: &AuthStore) -> Verdict {
    if undone(store, |tx| Ok(tx.query("SELECT 1", &[]).is_err()))? {
        return Err(Failure::lacks("The backend's transactions run no SQL."));
    }
    Ok(())
}

/// The application's own statements, in SQL that all databases understand.
pub(crate) fn statements(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    require_sql(store)?;
    let mut runs = 0_usize;
    store.transaction(|tx| {
        runs += 1;
        let rows = tx.query(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900) SELECT i FROM n",
            &[],
        )?;
        let mut numbers = rows
            .iter()
            .map(|row| row.get(0))
            .collect::<Result<Vec<i64>, _>>()?;
        numbers.sort_unstable();
        equal_rows("the rows of a query", numbers, (1..=900).collect())?;
        let texts = tx.query("SELECT NULL, '', ' a  b '", &[])?;
        let texts = texts
            .iter()
            .flat_map(|row| [row.get(0), row.get(1), row.get(2)])
            .collect::<Result<Vec<Option<String>>, _>>()?;
        equal(
            "the cells NULL, '' and ' a  b ' of a query",
            texts,
            vec![None, Some(String::new()), Some(" a  b ".to_owned())],
        )?;
        tx.create_user(bare_user(1))?;
        let failing: [fn(&Transaction) -> bool; 2] = [
            |tx| tx.query("SELECT i FROM authstore_no_such_table", &[]).is_err(),
            |tx| tx.execute("DELETE FROM authstore_no_such_table", &[]).is_err(),
        ];
        for (number, fails) in (2..).zip(failing) {
            ensure(fails(tx), "a statement on a table that does not exist succeeded")?;
            succeeds(
                "create_user(..) in a transaction, after a statement failed",
                tx.create_user(bare_user(number)),
            )?;
        }
        Ok::<_, Failure>(())
    })?;
    equal("how often the work of a transaction ran", runs, 1)?;
    equal(
        "the users after a transaction in which statements failed",
        store.list_users(None, 10)?.len(),
        3,
    )
}

pub(crate) fn sequences(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    // The last failure is of the shortest sequence that fails.
    let failed = RefCell::new(None);
    let cases = context.profile().pick(40, 60, 2_000);
    let outcome = test_runner(context.seed(), cases).run(&any_sequence(ALIKE), |calls| {
        context.tally().sequence();
        undone(store, |tx| compare([tx, tx], ALIKE, &calls)).map_err(|failure| {
            let reason = failure.summary().to_owned();
            failed.replace(Some(failure));
            TestCaseError::fail(reason)
        })
    });
    match (outcome, failed.into_inner()) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(failure)) => Err(failure),
        (Err(error), None) => Err(Failure::not_run(error)),
    }
}

/// Returns the rows of the application's table that [`change_application_rows`] leaves.
fn application_rows() -> Vec<Row> {
    let mut rows = vec![
        Row {
            number: i64::MIN,
            owner: Some(Uuid::nil()),
            since: Some(at("1970-01-01T00:00:00.000Z")),
            photo: Some(Vec::new()),
            ..Row::default()
        },
        // An integer that no floating-point number equals.
        Row {
            owner: Some(Uuid::max()),
            since: Some(at("2001-09-09T01:46:39.999Z")),
            photo: Some((0..=u8::MAX).collect()),
            ..Row::new(-(1 << 53) - 1, "exact")
        },
        Row {
            ratio: Some(-0.1),
            flag: Some(false),
            owner: Some(id(0xe1)),
            since: Some(at("2028-02-29T12:34:56.789Z")),
            photo: Some(b"text".to_vec()),
            ..Row::new(-1, "")
        },
        Row {
            ratio: Some(2.5e300),
            flag: Some(true),
            since: Some(at("9999-12-31T23:59:59.999Z")),
            photo: Some(vec![b'\\'; 70_000]),
            ..Row::new(0, " a  b ")
        },
    ];
    // One statement, with other parameters at each call.
    rows.extend((1..=200).map(|number| Row::new(number, &format!("word {number}"))));
    rows.extend([
        Row::new(300, "it's \"quoted\" \\ ; -- ? $1 %s {0} :number é"),
        Row {
            ratio: Some(0.0),
            ..Row::new(i64::MAX, "renamed")
        },
    ]);
    rows
}

/// Runs each kind of statement on the application's table, which ends with [`application_rows`], and creates a user.
fn change_application_rows(table: &ApplicationTable, tx: &Transaction) -> Verdict {
    let rows = application_rows();
    let changes =
        |call: &str, got, count: u64| returns(format!("{call} in a transaction"), got, count);
    returns(
        "SELECT of all rows of an empty table",
        table.list(tx),
        Vec::new(),
    )?;
    let mut last = rows.last().cloned().expect("there are rows");
    last.word = None;
    for row in rows
        .iter()
        .filter(|row| row.number < i64::MAX)
        .chain([&last])
    {
        changes("INSERT of a row", table.insert(tx, &row.values()), 1)?;
    }
    changes(
        "INSERT of two rows",
        table.insert_two(tx, [&Row::new(400, "a"), &Row::new(401, "b")]),
        2,
    )?;
    changes(
        "UPDATE of three rows",
        table.rename_from(tx, 400, "renamed"),
        3,
    )?;
    for number in [400, 401] {
        changes("DELETE of a row", table.delete(tx, number), 1)?;
        changes(
            "DELETE of a row that does not exist",
            table.delete(tx, number),
            0,
        )?;
    }
    tx.create_user(bare_user(1))?;
    returns(
        "SELECT of all rows in a transaction",
        table.list(tx),
        rows.clone(),
    )?;
    for row in &rows {
        returns(
            "SELECT of a row by its number",
            table.find(tx, row.number),
            vec![row.clone()],
        )?;
    }
    returns(
        "SELECT of a row that does not exist",
        table.find(tx, 400),
        Vec::new(),
    )
}

/// Runs statements on the application's table that fail, each of which leaves everything as it was.
fn fail_on_application_rows(table: &ApplicationTable, tx: &Transaction) -> Verdict {
    let mut rows = application_rows();
    let word = secret("word");
    let (new, old) = (Row::new(500, &word), rows[0].clone());
    let again = Row::new(old.number, &word).values();
    let values = new.values();
    let too_many = [&values[..], &values[..1]].concat();
    let code = secret("code");
    let (coded, child, missing) = (600, 700, 800);
    succeeds(
        "INSERT of a row with a code",
        table.insert_code(tx, coded, &code),
    )?;
    succeeds(
        "INSERT of a row with a parent",
        table.insert_child(tx, child, coded),
    )?;
    let last = rows.len() - 1;
    rows.splice(
        last..last,
        [coded, child].map(|number| Row {
            number,
            ..Row::default()
        }),
    );
    type Statement<'a> = &'a dyn Fn() -> authstore::Result<u64>;
    let failing: [(&str, bool, Statement); 7] = [
        ("an INSERT with a duplicate key", true, &|| {
            table.insert(tx, &again)
        }),
        ("an INSERT with a duplicate text", true, &|| {
            table.insert_code(tx, 601, &code)
        }),
        (
            "an INSERT with a duplicate key in its second row",
            true,
            &|| table.insert_two(tx, [&new, &old]),
        ),
        ("an INSERT with a missing parent", true, &|| {
            table.insert_child(tx, 701, missing)
        }),
        ("a DELETE of a parent", true, &|| table.delete(tx, coded)),
        ("an INSERT with a parameter missing", false, &|| {
            table.insert(tx, &values[..3])
        }),
        ("an INSERT with a parameter too many", false, &|| {
            table.insert(tx, &too_many)
        }),
    ];
    for (what, is_rejected, statement) in failing {
        match statement() {
            Err(error @ Error::Rejected { .. }) if is_rejected => hides(what, &error)?,
            Err(error @ (Error::Backend { .. } | Error::Invalid { .. })) if !is_rejected => {
                hides(what, &error)?;
            }
            other => {
                let expected = if is_rejected {
                    "Err(Rejected)"
                } else {
                    "Err(Backend)"
                };
                return Err(
                    Failure::broken(format!("{what} did not fail with the right error"))
                        .expected(expected)
                        .got(format!("{other:?}")),
                );
            }
        }
        returns(
            format!("SELECT of all rows after {what}"),
            table.list(tx),
            rows.clone(),
        )?;
    }
    // A failed operation undoes no statement before it.
    conflicts_in(tx)?;
    returns(
        "SELECT of all rows after an operation that failed",
        table.list(tx),
        rows.clone(),
    )?;
    for (what, number) in [("child", child), ("parent", coded)] {
        succeeds(format!("DELETE of a {what}"), table.delete(tx, number))?;
    }
    Ok(())
}

/// Creates user 1 again.
fn conflicts_in(tx: &Transaction) -> Verdict {
    conflicts(
        "create_user(..) in a transaction",
        tx.create_user(bare_user(1)),
        Constraint::UserId,
    )
}

pub(crate) fn application_table(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    require_sql(store)?;
    let table = ApplicationTable::create(store)?;
    let handles = [store, &context.open()?];
    let are = |rows: &[Row], users: usize, when: &str| {
        handles.iter().try_for_each(|handle| {
            returns(
                format!("SELECT of all rows after a transaction that {when}"),
                handle.transaction(|tx| table.list(tx)),
                rows.to_vec(),
            )?;
            equal(
                format!("the number of users after a transaction that {when}"),
                handle.list_users(None, 10)?.len(),
                users,
            )
        })
    };
    undone(store, |tx| change_application_rows(&table, tx))?;
    are(&[], 0, "was undone")?;
    store.transaction(|tx| {
        change_application_rows(&table, tx)?;
        fail_on_application_rows(&table, tx)
    })?;
    are(&application_rows(), 1, "was committed")?;
    undone(handles[1], |tx| {
        for row in application_rows() {
            succeeds("DELETE of a row", table.delete(tx, row.number))?;
        }
        tx.delete_user(id(1))?;
        returns(
            "SELECT of all rows, which were deleted",
            table.list(tx),
            Vec::new(),
        )
    })?;
    are(&application_rows(), 1, "deleted the rows and was undone")?;
    // A failed operation that is the first of its transaction undoes no statement before it.
    store.transaction(|tx| {
        for row in application_rows() {
            table.delete(tx, row.number)?;
        }
        conflicts_in(tx)
    })?;
    are(&[], 1, "deleted the rows, and then failed to create a user")
}

pub(crate) fn ends(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    let committed = store.transaction(|tx| Ok::<AuthStore, Error>((**tx).clone()))?;
    let rolled_back = undone(store, |tx| Ok((**tx).clone()))?;
    for (end, kept) in [("committed", committed), ("rolled back", rolled_back)] {
        for call in every_operation() {
            match call.on_store(&kept) {
                Err(Error::Invalid { .. }) => {}
                other => {
                    return Err(Failure::broken(format!(
                        "{} in a transaction that was {end} must fail with Invalid",
                        call.show()
                    ))
                    .got(format!("{other:?}")));
                }
            }
        }
    }
    let nested = store.transaction(|tx| {
        let nested = tx.transaction(|_| Ok::<_, Error>(()));
        tx.create_user(bare_user(1))?;
        Ok::<_, Error>(nested)
    })?;
    equal(
        "whether a transaction in a transaction fails with Invalid",
        matches!(nested, Err(Error::Invalid { .. })),
        true,
    )?;
    equal(
        "whether the outer transaction is committed",
        store.get_user(id(1))?.is_some(),
        true,
    )
}

pub(crate) fn one_moment(context: &Context) -> Verdict {
    require_transactions(context.store())?;
    let race = Race::new(context)?;
    race.rounds(|round| {
        let (one, other) = (id(round * 2), id(round * 2 + 1));
        // In some rounds, more than a batch.
        let more = if round <= 20 && round % 4 == 1 {
            u128::from(MANY)
        } else {
            0
        };
        race.look_on(
            "a transaction that creates two users and their sessions",
            |store| {
                store.transaction(|tx| {
                    tx.create_user(bare_user(round * 2))?;
                    tx.create_session(session(round * 2, round * 2))?;
                    for number in round * 1_000_000..round * 1_000_000 + more {
                        tx.create_session(session(number, round * 2))?;
                    }
                    tx.create_user(bare_user(round * 2 + 1))?;
                    Ok::<_, Error>(())
                })
            },
            |thread, store| {
                if thread % 2 == 1 {
                    let seen = store.list_sessions_by_user_id(one)?.len() as u128;
                    return Ok((seen != 0 && seen != 1 + more)
                        .then(|| format!("{seen} of {} sessions", 1 + more)));
                }
                let has_session = || -> authstore::Result<bool> {
                    let found = store.get_session_and_user(&format!("session {}", round * 2))?;
                    Ok(found.is_some())
                };
                let had_session = has_session()?;
                let users = store.list_users(None, u32::MAX)?;
                let there = |id| users.iter().any(|user| user.id == id);
                let seen = if there(one) != there(other) {
                    Some("only one of the users")
                } else if had_session && !there(one) {
                    Some("only the session")
                } else if there(one) && !has_session()? {
                    Some("only the users")
                } else {
                    None
                };
                Ok(seen.map(str::to_owned))
            },
        )
    })
}

/// Waits until another thread has reached something, but not for longer than this: it may have to wait for this one.
fn wait_until(is_reached: impl Fn() -> bool, limit: Duration) {
    let deadline = Instant::now() + limit;
    while !is_reached() && Instant::now() < deadline {
        thread::yield_now();
    }
}

/// Waits until another transaction is open too, but not for long: a storage may run one after the other.
fn meet(open: &AtomicUsize) {
    open.fetch_add(1, Ordering::SeqCst);
    wait_until(
        || open.load(Ordering::SeqCst) >= 2,
        Duration::from_millis(2),
    );
}

/// Returns whether a transaction was committed. It may conflict with others too often, and then has written nothing.
fn is_committed<T>(outcome: &authstore::Result<T>) -> Verdict<bool> {
    match outcome {
        Ok(_) => Ok(true),
        Err(error) if error.is_retryable() => Ok(false),
        Err(error) => {
            Err(Failure::broken("a transaction next to others failed").got(show_error(error)))
        }
    }
}

/// Two transactions update the same two users, each its own field, in opposite order. A database may undo one of them, which
/// then has written nothing, or is repeated as a whole. In every other round, the work does not mind that its second
/// update fails.
pub(crate) fn crossed(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    let mut expected = [
        store.create_user(bare_user(1))?,
        store.create_user(bare_user(2))?,
    ];
    let race = Race::new(context)?;
    // Few, because a database may wait for a second until it takes two transactions for a deadlock.
    race.repeat(context.profile().pick(3, 8, 50), |round| {
        let text = format!("text {round}");
        let open = AtomicUsize::new(0);
        let ran = race.at_once(2, |thread, store| {
            let mut changes = UserChanges::default();
            let field = match thread {
                0 => &mut changes.name,
                _ => &mut changes.image,
            };
            *field = Change::set(&text);
            let order = if thread == 0 { [0, 1] } else { [1, 0] };
            store.transaction(|tx| {
                tx.update_user(expected[order[0]].id, changes.clone())?;
                meet(&open);
                let second = tx.update_user(expected[order[1]].id, changes.clone());
                let is_done = second.is_ok();
                if round % 2 == 0 {
                    second?;
                }
                let updated = if is_done { &order[..] } else { &order[..1] };
                Ok::<_, Error>(updated.to_vec())
            })
        });
        let overlap = overlapped(&ran);
        for (thread, ran) in ran.iter().enumerate() {
            if !is_committed(&ran.value)? {
                continue;
            }
            for place in ran.value.iter().flatten() {
                let field = match thread {
                    0 => &mut expected[*place].name,
                    _ => &mut expected[*place].image,
                };
                *field = Some(text.clone());
            }
        }
        returns(
            "list_users(..) after two transactions updated both users in opposite order",
            store.list_users(None, 10),
            expected.to_vec(),
        )?;
        Ok(overlap)
    })
}

/// Returns calls that create three ways to sign in of user 1, and a row of each kind that can be used up.
fn conditional_rows() -> Vec<Call> {
    let account = |number: u128| NewAccount {
        refresh_token: Some("first".into()),
        ..account_at(number, "github", &number.to_string())
    };
    vec![
        Call::CreateUser(bare_user(1)),
        Call::LinkAccount(id(1), account(1)),
        Call::LinkAccount(id(1), account(2)),
        Call::CreateAuthenticator(authenticator(3, 1)),
        Call::CreateVerificationToken(token(1)),
        Call::CreateChallenge(challenge_until(1, millis(1))),
    ]
}

fn refreshed(refresh_token: &str) -> AccountChanges {
    AccountChanges {
        refresh_token: Change::set(refresh_token),
        ..Default::default()
    }
}

fn refresh(seen: &str, refresh_token: &str) -> Call {
    let seen = Some(seen.to_owned());
    Call::RefreshAccount("github".into(), "2".into(), seen, refreshed(refresh_token))
}

/// Returns pairs of calls of which only one may have an effect, some of them after another call.
fn conditional_calls() -> Vec<(Option<Call>, [Call; 2])> {
    let account = |number: u128| ("github".to_owned(), number.to_string());
    let passkey = || authenticator(3, 1).credential_id;
    let unlink = |number| {
        let (provider, account) = account(number);
        Call::UnlinkAccountOfUser(id(1), provider, account, true)
    };
    let use_token = || Call::UseVerificationToken(token(1).identifier, token(1).token);
    let use_challenge = || Call::UseChallenge(challenge_until(1, millis(1)).key);
    let use_passkey = |backed_up| Call::UseAuthenticator(passkey(), 70, backed_up);
    let sign_up = |user| Call::CreateUser(user_with_email(user, "ada@example.org"));
    vec![
        (
            None,
            [refresh("first", "second"), refresh("first", "third")],
        ),
        (None, [use_passkey(true), use_passkey(false)]),
        (None, [use_token(), use_token()]),
        (None, [use_challenge(), use_challenge()]),
        (None, [sign_up(2), sign_up(3)]),
        (
            Some(Call::UnlinkAccount(account(2).0, account(2).1)),
            [
                unlink(1),
                Call::DeleteAuthenticatorOfUser(id(1), passkey(), true),
            ],
        ),
        (
            Some(Call::DeleteAuthenticator(passkey())),
            [unlink(1), unlink(2)],
        ),
    ]
}

/// First all calls in one transaction, where each depends on those before it; then two transactions at a time, which have
/// read the rows before.
pub(crate) fn conditions(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    let calls = conditional_calls();
    let reads = [
        Call::GetUser(id(1)),
        Call::GetUserByEmail("ada@example.org".into()),
        Call::GetAccount("github".into(), "2".into()),
        Call::ListAccountsByUserId(id(1)),
        Call::ListAuthenticatorsByUserId(id(1)),
    ];
    let model = created_anew(store, &conditional_rows())?;
    undone(store, |tx| {
        let mut model = model.clone();
        [
            Call::UpdateAccount("github".into(), "2".into(), refreshed("rewritten")),
            refresh("first", "x"),
            refresh("rewritten", "first"),
        ]
        .iter()
        .chain(calls.iter().flat_map(|(_, pair)| pair))
        .chain(&reads)
        .try_for_each(|call| agreed(tx, &mut model, call, "in a transaction"))
    })?;
    let race = Race::new(context)?;
    race.repeat(context.profile().pick(28, 56, 560), |round| {
        let mut model = created_anew(store, &conditional_rows())?;
        let (before, pair) = &calls[round as usize % calls.len()];
        if let Some(call) = before {
            agreed(store, &mut model, call, "in a storage with few rows")?;
        }
        let open = AtomicUsize::new(0);
        let ran = race.at_once(2, |thread, store| {
            store.transaction(|tx| {
                Call::in_turn(&reads, tx)?;
                meet(&open);
                pair[thread].on_store(tx)
            })
        });
        let overlap = overlapped(&ran);
        let event = |thread, call: &Call, ran| Event {
            thread,
            call: call.clone(),
            ran,
        };
        let mut events: Vec<Event> = ran
            .into_iter()
            .enumerate()
            // A transaction that conflicted too often has written nothing.
            .filter(|(_, ran)| !matches!(ran.value, Err(Error::Unavailable { .. })))
            .map(|(thread, ran)| event(thread, &pair[thread], ran))
            .collect();
        let after = reads.iter().map(|read| event(2, read, timed(|| read.on_store(store))));
        events.extend(after);
        if has_legal_order(&events, &model) {
            return Ok(overlap);
        }
        Err(Failure::broken(
            "no order of these calls explains their results; those of threads 0 and 1 ran in a transaction each",
        )
        .expected("the results of one after the other")
        .got(show_history(&events)))
    })
}

/// Does every write in a transaction that is undone, while another caller does the same outside.
pub(crate) fn undone_beside_others(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    let race = Race::new(context)?;
    race.repeat(context.profile().pick(2, 4, 100), |_| {
        let mut model = created_anew(store, &setting(1))?;
        let mut has_overlap = false;
        for (write, witnesses) in every_write(1) {
            // A sweep may skip what the transaction has locked.
            if matches!(write, Call::DeleteExpired(..)) {
                continue;
            }
            let (is_written, has_returned) = (AtomicBool::new(false), AtomicBool::new(false));
            let mut ran = race.at_once_untimed(2, |thread, store| {
                if thread == 1 {
                    wait_until(
                        || is_written.load(Ordering::SeqCst),
                        Duration::from_millis(100),
                    );
                    let written = timed(|| write.on_store(store));
                    has_returned.store(true, Ordering::SeqCst);
                    return written;
                }
                timed(|| {
                    store.transaction(|tx| {
                        let written = write.on_store(tx);
                        is_written.store(true, Ordering::SeqCst);
                        wait_until(
                            || has_returned.load(Ordering::SeqCst),
                            Duration::from_millis(10),
                        );
                        written.and(Err(undo()))
                    })
                })
            });
            has_overlap |= overlapped(&ran);
            let when = "beside a transaction that did the same and was undone";
            answered(&ran.remove(1).value, &mut model, &write, when)?;
            let when = format!(
                "after {} beside a transaction that was undone",
                write.show()
            );
            let reads = witnesses.iter().filter(|call| !call.writes());
            for read in reads {
                for handle in race.handles() {
                    agreed(handle, &mut model, read, &when)?;
                }
            }
        }
        Ok(has_overlap)
    })
}

/// Transactions and single operations: on different rows, on one email address, and on different fields of one user.
pub(crate) fn all_survive(context: &Context) -> Verdict {
    let store = context.store();
    require_transactions(store)?;
    let mut shared = store.create_user(bare_user(1))?;
    let race = Race::new(context)?;
    race.rounds(|round| {
        let number = |thread: usize| round * 10 + thread as u128;
        let email = format!("user-{round}@example.org");
        let text = format!("text {round}");
        let (with_email, with_changes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let mut ran = race.at_once(THREADS, |thread, store| match thread {
            0 | 1 => store.transaction(|tx| {
                tx.create_user(bare_user(number(thread)))?;
                tx.create_session(session(number(thread), number(thread)))?;
                Ok(())
            }),
            2 | 3 => store.create_user(bare_user(number(thread))).map(drop),
            4 | 5 => store.transaction(|tx| {
                tx.get_user_by_email(&email)?;
                meet(&with_email);
                tx.create_user(user_with_email(number(thread), &email))?;
                Ok(())
            }),
            _ => store.transaction(|tx| {
                tx.get_user(id(1))?;
                meet(&with_changes);
                let mut changes = UserChanges::default();
                let field = match thread {
                    6 => &mut changes.name,
                    _ => &mut changes.image,
                };
                *field = Change::set(&text);
                tx.update_user(id(1), changes).map(drop)
            }),
        });
        let overlap = overlapped(&ran);
        for (field, ran) in [&mut shared.name, &mut shared.image]
            .into_iter()
            .zip(ran.drain(6..))
        {
            if is_committed(&ran.value)? {
                *field = Some(text.clone());
            }
        }
        returns(
            "get_user(..) after transactions that changed different fields",
            store.get_user(id(1)),
            Some(shared.clone()),
        )?;
        let (mut created, mut is_undecided) = (Vec::new(), false);
        for (thread, ran) in (4..).zip(ran.drain(4..)) {
            match ran.value {
                Err(Error::Conflict {
                    constraint: Constraint::UserEmail,
                }) => {}
                outcome if is_committed(&outcome)? => created.push(id(number(thread))),
                _ => is_undecided = true,
            }
        }
        ensure(
            created.len() == 1 || created.is_empty() && is_undecided,
            format!(
                "{} transactions created a user with one email address",
                created.len()
            ),
        )?;
        for thread in 4..6 {
            equal(
                "whether a user exists whom a transaction created with a contested email address",
                store.get_user(id(number(thread)))?.is_some(),
                created.contains(&id(number(thread))),
            )?;
        }
        equal(
            "the user with the contested email address",
            store.get_user_by_email(&email)?.map(|user| user.id),
            created.first().copied(),
        )?;
        for (thread, ran) in ran.into_iter().enumerate() {
            let is_there = store.get_user(id(number(thread)))?.is_some();
            let is_done = match ran.value {
                // A single operation must succeed.
                Err(error) if thread >= 2 => return Err(error.into()),
                outcome => is_committed(&outcome)?,
            };
            equal(
                "whether a user exists whose creation, next to transactions, succeeded",
                is_there,
                is_done,
            )?;
        }
        Ok(overlap)
    })
}
