use std::collections::BTreeMap;
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use authstore::migration::{
    Direction, Migration, MigrationError, Migrator, Series, Step, StepState,
};
use authstore::{
    AuthStore, AuthenticatorDetails, Challenge, Error, SessionDetails, VerificationToken,
};
use time::OffsetDateTime;

use crate::call::show_got;
use crate::context::Context;
use crate::failure::{
    Failure, Verdict, ensure, equal, harness_result, returns, show_error, succeeds,
};
use crate::fixture::{
    World, authenticator, challenge_until, full_user, id, look, millis, populate, session, token,
};
use crate::race::{Race, THREADS, joined, overlapped, timed};
use crate::rules::faults::{every_operation, in_time};
use crate::show::Show;

/// Returns the backend's migrator. A backend without one declines the rules about migrations.
#[track_caller]
pub(crate) fn migrator(store: &AuthStore) -> Verdict<Migrator> {
    match store.migrator() {
        Some(migrator) => Ok(migrator),
        None => Err(Failure::cannot(
            "the backend has no schema: Backend::migrator returns None",
        )),
    }
}

/// Returns the versions of the applied or reverted migrations, and checks their direction.
fn taken(steps: &[Step], direction: Direction) -> Verdict<Vec<u64>> {
    ensure(
        steps.iter().all(|step| step.direction == direction),
        format!("a migration was not run {direction}"),
    )?;
    Ok(steps
        .iter()
        .map(|step| step.version.unsigned_abs())
        .collect())
}

fn versions(migrator: &Migrator) -> Vec<u64> {
    let migrations = migrator.series().migrations();
    migrations
        .iter()
        .map(|migration| migration.version().unsigned_abs())
        .collect()
}

/// Returns whether each migration is applied or pending. Any other state is a failure.
fn applied(migrator: &Migrator) -> Verdict<Vec<bool>> {
    let status = succeeds("Migrator::status()", migrator.status())?;
    equal(
        "the versions of Migrator::status()",
        status
            .iter()
            .map(|row| row.version.unsigned_abs())
            .collect::<Vec<_>>(),
        versions(migrator),
    )?;
    status
        .iter()
        .map(|row| match row.state {
            StepState::Applied { .. } => Ok(true),
            StepState::Pending => Ok(false),
            other => Err(Failure::broken(format!(
                "Migrator::status() returned the state {other:?} for migration {}",
                row.version
            ))),
        })
        .collect()
}

/// Returns everything that is stored, except verification tokens.
fn seen(store: &AuthStore) -> authstore::Result<World> {
    look(store, 1..=3)
}

/// Uses up the verification tokens and challenges that [`fill`] creates, and returns those that were there.
fn use_up(store: &AuthStore) -> authstore::Result<(Vec<VerificationToken>, Vec<Challenge>)> {
    let (tokens, challenges) = one_time_rows();
    let mut left = (Vec::new(), Vec::new());
    for token in tokens {
        let used = store.use_verification_token(&token.identifier, &token.token)?;
        left.0.extend(used);
    }
    for challenge in challenges {
        left.1.extend(store.use_challenge(&challenge.key)?);
    }
    Ok(left)
}

fn one_time_rows() -> (Vec<VerificationToken>, Vec<Challenge>) {
    let tokens = (1..=2).map(token).collect();
    let challenges = (1..=2).map(|number| challenge_until(number, millis(number as i64)));
    (tokens, challenges.collect())
}

/// Checks that all verification tokens and challenges of [`fill`] still exist.
#[track_caller]
fn one_time_rows_are_there(store: &AuthStore) -> Verdict {
    returns(
        "the verification tokens and challenges that existed before",
        use_up(store),
        one_time_rows(),
    )
}

fn fill(store: &AuthStore) -> Verdict {
    populate(store)?;
    let (tokens, challenges) = one_time_rows();
    for token in tokens {
        store.create_verification_token(token)?;
    }
    for challenge in challenges {
        store.create_challenge(challenge)?;
    }
    Ok(())
}

pub(crate) fn twice(context: &Context) -> Verdict {
    let store = context.store();
    let migrator = migrator(store)?;
    fill(store)?;
    let before = seen(store)?;
    for _ in 0..2 {
        let steps = succeeds("migrate() of an up-to-date schema", store.migrate())?;
        equal("the number of migrations", steps.len(), 0)?;
    }
    ensure(
        applied(&migrator)?.into_iter().all(|applied| applied),
        "after migrate(), a migration is pending",
    )?;
    returns("the rows that existed before", seen(store), before)?;
    one_time_rows_are_there(store)
}

pub(crate) fn concurrent_runs(context: &Context) -> Verdict {
    let store = context.store();
    let all = versions(&migrator(store)?);
    // New storages, which may not even have a history, and where some harnesses have applied everything.
    for _ in 0..context.profile().pick(2, 4, 50) {
        let storage = harness_result(context.harness().fresh())?;
        let handles = [
            harness_result(storage.open())?,
            harness_result(storage.open())?,
        ];
        let own = migrator(&handles[0])?;
        let is_applied = applied(&own)?;
        let pending: Vec<u64> = all
            .iter()
            .zip(is_applied)
            .filter_map(|(version, is_applied)| (!is_applied).then_some(*version))
            .collect();
        let barrier = Barrier::new(THREADS);
        let outcomes = thread::scope(|scope| {
            let running: Vec<_> = handles
                .iter()
                .cycle()
                .take(THREADS)
                .map(|handle| {
                    scope.spawn(|| {
                        barrier.wait();
                        handle.migrate()
                    })
                })
                .collect();
            running.into_iter().map(joined).collect()
        });
        each_applied_once(outcomes, &pending)?;
        fill(&handles[0])?;
    }
    let race = Race::new(context)?;
    race.repeat(context.profile().pick(6, 6, 20), |_| {
        succeeds("Migrator::down(..)", migrator(store)?.down(usize::MAX))?;
        let ran = race.at_once(THREADS, |_, store| store.migrate());
        let met = overlapped(&ran);
        each_applied_once(ran.into_iter().map(|ran| ran.value).collect(), &all)?;
        ensure(
            applied(&migrator(store)?)?
                .into_iter()
                .all(|applied| applied),
            "after migrate(), a migration is pending",
        )?;
        fill(store)?;
        Ok(met)
    })
}

/// Checks what concurrent callers of `migrate` were told, if nothing was applied before.
fn each_applied_once(outcomes: Vec<authstore::Result<Vec<Step>>>, all: &[u64]) -> Verdict {
    let mut counted: BTreeMap<u64, usize> = BTreeMap::new();
    for outcome in outcomes {
        let steps = succeeds("migrate(), called concurrently,", outcome)?;
        for version in taken(&steps, Direction::Up)? {
            *counted.entry(version).or_default() += 1;
        }
    }
    equal(
        "the versions of the applied migrations",
        counted.keys().copied().collect(),
        all.to_vec(),
    )?;
    ensure(
        counted.values().all(|count| *count == 1),
        "several concurrent callers of migrate() applied the same migration",
    )
}

pub(crate) fn down_and_up(context: &Context) -> Verdict {
    let store = context.store();
    let migrator = migrator(store)?;
    let all = versions(&migrator);
    for _ in 0..2 {
        fill(store)?;
        let down = succeeds("Migrator::down(usize::MAX)", migrator.down(usize::MAX))?;
        equal(
            "the reverted migrations",
            taken(&down, Direction::Down)?,
            all.iter().rev().copied().collect(),
        )?;
        ensure(
            !applied(&migrator)?.contains(&true),
            "after all migrations were reverted, one is applied",
        )?;
        if let Ok(found) = store.get_user(id(1)) {
            return Err(Failure::broken("get_user(..) without a schema succeeded")
                .expected("Err(Migration), whose message states what to do")
                .got(format!("{found:?}")));
        }
        let up = succeeds("migrate()", store.migrate())?;
        equal(
            "the applied migrations",
            taken(&up, Direction::Up)?,
            all.clone(),
        )?;
        ensure(
            seen(store)?.is_empty(),
            "rows exist after all migrations were reverted and applied again",
        )?;
        returns(
            "the verification tokens and challenges after all migrations were reverted and applied again",
            use_up(store),
            (Vec::new(), Vec::new()),
        )?;
        no_details_are_left(store)?;
    }
    fill(store)
}

/// Checks that a session and a passkey with the keys of those of [`fill`] have no details.
#[track_caller]
fn no_details_are_left(store: &AuthStore) -> Verdict {
    store.create_user(full_user(1))?;
    let session = store.create_session(session(11, 1))?;
    let passkey = store.create_authenticator(authenticator(11, 1))?;
    returns(
        "get_session_details(..) of a session created after all migrations were applied again",
        store.get_session_details(session.id),
        SessionDetails::default(),
    )?;
    returns(
        "list_authenticators_with_details_by_user_id(..) after all migrations were applied again",
        store.list_authenticators_with_details_by_user_id(id(1)),
        vec![(passkey, AuthenticatorDetails::default())],
    )?;
    store.delete_user(id(1))?;
    Ok(())
}

/// Reverting and applying the last migration keeps the rows of the earlier ones.
pub(crate) fn last_step(context: &Context) -> Verdict {
    let store = context.store();
    let migrator = migrator(store)?;
    fill(store)?;
    let before = seen(store)?;
    let all = versions(&migrator);
    let last = *all
        .last()
        .ok_or_else(|| Failure::cannot("the series has no migrations"))?;
    let down = succeeds("Migrator::down(1)", migrator.down(1))?;
    equal(
        "the reverted migrations",
        taken(&down, Direction::Down)?,
        vec![last],
    )?;
    let expected: Vec<bool> = all.iter().map(|version| *version != last).collect();
    ensure(
        applied(&migrator)? == expected,
        "after the last migration was reverted, the others are not applied",
    )?;
    let up = succeeds("Migrator::up()", migrator.up())?;
    equal(
        "the applied migrations",
        taken(&up, Direction::Up)?,
        vec![last],
    )?;
    let after = seen(store)?;
    let ((tokens, challenges), (all_tokens, all_challenges)) = (use_up(store)?, one_time_rows());
    ensure(
        after.is_what_is_left_of(&before)
            && (tokens.is_empty() || tokens == all_tokens)
            && (challenges.is_empty() || challenges == all_challenges),
        "reverting and applying the last migration changed rows, or deleted some rows of a table",
    )?;
    ensure(
        all.len() == 1 || after.has_users(),
        "reverting and applying the last migration deleted the users",
    )
}

pub(crate) fn step_by_step(context: &Context) -> Verdict {
    let store = context.store();
    let migrator = migrator(store)?;
    let all: Vec<i64> = migrator
        .series()
        .migrations()
        .iter()
        .map(Migration::version)
        .collect();
    migrator.down(usize::MAX)?;
    for (count, version) in (1..).zip(&all) {
        let steps = succeeds("Migrator::up_to(..)", migrator.up_to(*version))?;
        equal(
            "the applied migrations",
            taken(&steps, Direction::Up)?,
            vec![version.unsigned_abs()],
        )?;
        let expected: Vec<bool> = (0..all.len()).map(|place| place < count).collect();
        ensure(
            applied(&migrator)? == expected,
            format!("after up_to({version}), the wrong migrations are applied"),
        )?;
    }
    fill(store)?;
    for (place, version) in all.iter().enumerate().rev() {
        succeeds("Migrator::down_to(..)", migrator.down_to(*version))?;
        let expected: Vec<bool> = (0..all.len()).map(|other| other <= place).collect();
        ensure(
            applied(&migrator)? == expected,
            format!("after down_to({version}), the wrong migrations are applied"),
        )?;
    }
    succeeds("migrate()", store.migrate())?;
    Ok(())
}

/// Returns a changed copy of the backend's own series.
fn changed(migrator: &Migrator, change: impl FnOnce(&mut Vec<Migration>)) -> Verdict<Series> {
    let mut migrations = migrator.series().migrations().to_vec();
    change(&mut migrations);
    succeeds(
        "Series::new(..)",
        Series::new(migrator.series().name().to_owned(), migrations),
    )
}

fn with_up(migration: &Migration, up: String) -> Migration {
    Migration::new(
        migration.version(),
        migration.name().to_owned(),
        up,
        migration.down().map(str::to_owned),
    )
}

pub(crate) fn resumes(context: &Context) -> Verdict {
    const NONSENSE: &str = "this is no migration";
    let store = context.store();
    let own = migrator(store)?;
    own.down(usize::MAX)?;
    for (place, step) in own.series().migrations().iter().enumerate() {
        // A migration of which nothing can be done, and one of which the first half can.
        let mut texts = vec![NONSENSE.to_owned(), format!("{}\n{NONSENSE}\n", step.up())];
        if place == 0 {
            texts.push(format!("-- authstore: no-transaction\n{NONSENSE}\n"));
        }
        for up in texts {
            fails_and_resumes(store, &own, place, up)?;
            fill(store)?;
            own.down(usize::MAX)?;
        }
    }
    succeeds("migrate()", store.migrate())?;
    Ok(())
}

/// On a storage without its schema, lets a run fail at the migration in this position, which has this text. The next
/// run, with the right text, must apply it and those after it.
fn fails_and_resumes(store: &AuthStore, own: &Migrator, place: usize, up: String) -> Verdict {
    let all = versions(own);
    let broken = changed(own, |migrations| {
        migrations[place] = with_up(&migrations[place], up);
    })?;
    match migrator(store)?.with_series(broken).up() {
        Err(Error::Migration(MigrationError::Failed { version, done, .. })) => {
            equal(
                "the version of the migration that failed",
                version.unsigned_abs(),
                all[place],
            )?;
            equal(
                "the migrations before the one that failed",
                taken(&done, Direction::Up)?,
                all[..place].to_vec(),
            )?;
        }
        Err(error) => {
            return Err(
                Failure::broken("a migration that fails returns the wrong error")
                    .expected("Err(Migration(Failed))")
                    .got(show_error(&error)),
            );
        }
        Ok(_) => return Err(Failure::broken("an invalid migration was applied")),
    }
    let expected: Vec<bool> = (0..all.len()).map(|other| other < place).collect();
    ensure(
        applied(own)? == expected,
        "after a migration failed, not exactly the migrations before it are applied",
    )?;
    let steps = succeeds("migrate() after a migration failed", store.migrate())?;
    equal(
        "the migrations that were left",
        taken(&steps, Direction::Up)?,
        all[place..].to_vec(),
    )
}

/// Checks that a history that does not match the program is rejected in both directions, and nothing is changed.
fn refuses(
    context: &Context,
    change: impl FnOnce(&mut Vec<Migration>),
    right: impl Fn(&MigrationError) -> bool,
    expected: &str,
) -> Verdict {
    let store = context.store();
    let own = migrator(store)?;
    fill(store)?;
    let before = seen(store)?;
    let changed = migrator(store)?.with_series(changed(&own, change)?);
    for (call, outcome) in [
        ("Migrator::up()", changed.up()),
        ("Migrator::down(1)", changed.down(1)),
        ("Migrator::down(usize::MAX)", changed.down(usize::MAX)),
    ] {
        match outcome {
            Err(Error::Migration(error)) if right(&error) => {}
            other => {
                return Err(Failure::broken(format!(
                    "{call} did not fail with the expected error"
                ))
                .expected(format!("Err(Migration({expected}))"))
                .got(format!("{other:?}")));
            }
        }
    }
    ensure(
        applied(&own)?.into_iter().all(|applied| applied),
        "a run that was rejected changed the history",
    )?;
    returns("the rows that existed before", seen(store), before)?;
    one_time_rows_are_there(store)?;
    equal(
        "the number of migrations that migrate() applies afterwards",
        succeeds("migrate()", store.migrate())?.len(),
        0,
    )
}

pub(crate) fn refuses_changed_step(context: &Context) -> Verdict {
    refuses(
        context,
        |migrations| migrations[0] = with_up(&migrations[0], format!("{} ", migrations[0].up())),
        |error| matches!(error, MigrationError::ChecksumChanged { .. }),
        "ChecksumChanged",
    )
}

pub(crate) fn refuses_missing_step(context: &Context) -> Verdict {
    let steps = versions(&migrator(context.store())?).len();
    if steps < 2 {
        return Err(Failure::cannot(
            "the backend's series has only one migration, so none can be missing before another",
        ));
    }
    refuses(
        context,
        |migrations| drop(migrations.remove(0)),
        |error| matches!(error, MigrationError::StepMissing { .. }),
        "StepMissing",
    )
}

pub(crate) fn refuses_newer_schema(context: &Context) -> Verdict {
    refuses(
        context,
        |migrations| drop(migrations.pop()),
        |error| matches!(error, MigrationError::NewerSchema { .. }),
        "NewerSchema",
    )
}

pub(crate) fn refuses_step_out_of_order(context: &Context) -> Verdict {
    let own = migrator(context.store())?;
    let known = versions(&own);
    let last = known.last().copied().unwrap_or_default();
    let Some(free) = (0..last).find(|version| !known.contains(version)) else {
        return Err(Failure::cannot("no version before the last one is unused"));
    };
    refuses(
        context,
        move |migrations| {
            let version = i64::try_from(free).unwrap_or_default();
            migrations.push(Migration::new(
                version,
                "late",
                "this is no migration",
                None,
            ));
        },
        |error| matches!(error, MigrationError::OutOfOrder { .. }),
        "OutOfOrder",
    )
}

/// The last migration of the backend's series, as the only one of another series, with any version.
pub(crate) fn independent_series(context: &Context) -> Verdict {
    let store = context.store();
    let own = migrator(store)?;
    fill(store)?;
    let before = seen(store)?;
    let (Some(first), Some(last)) = (
        own.series().migrations().first(),
        own.series().migrations().last(),
    ) else {
        return Err(Failure::cannot("the series has no migrations"));
    };
    succeeds("Migrator::down(1)", own.down(1))?;
    let all_but_last = applied(&own)?;
    let own_name = own.series().name();
    // Names that could be mistaken for the backend's own, with the version of one of its migrations; a date and time,
    // which some use as versions; and the maximum version.
    for (name, version) in [
        (own_name.to_uppercase(), first.version()),
        (format!("{own_name} "), first.version()),
        ("%".to_owned(), first.version()),
        ("conformance".to_owned(), 20_261_123_190_000),
        ("conformance".to_owned(), i64::MAX),
    ] {
        if name == own_name {
            continue;
        }
        let step = Migration::new(
            version,
            "other",
            last.up().to_owned(),
            last.down().map(str::to_owned),
        );
        let empty = succeeds("Series::new(..)", Series::new(name.clone(), Vec::new()))?;
        let without_it = migrator(store)?.with_series(empty);
        let series = succeeds("Series::new(..)", Series::new(name, vec![step]))?;
        let other = migrator(store)?.with_series(series);
        for (direction, is_applied) in [(Direction::Up, true), (Direction::Down, false)] {
            let steps = match direction {
                Direction::Up => succeeds("Migrator::up() of another series", other.up())?,
                Direction::Down => succeeds("Migrator::down(9) of another series", other.down(9))?,
            };
            equal(
                "the applied or reverted migrations",
                taken(&steps, direction)?,
                versions(&other),
            )?;
            ensure(
                applied(&other)? == [is_applied],
                format!(
                    "the history of the series is wrong after its migration was run {direction}"
                ),
            )?;
            // The program does not know the migration, so its name comes from the history.
            let status = succeeds("Migrator::status()", without_it.status())?;
            equal(
                "the names in the history of another series",
                status.into_iter().map(|row| row.name).collect(),
                vec!["other".to_owned(); usize::from(is_applied)],
            )?;
            ensure(
                applied(&own)? == all_but_last,
                format!("running a migration {direction} changed the history of another series"),
            )?;
        }
    }
    equal(
        "the applied migrations",
        taken(&succeeds("migrate()", store.migrate())?, Direction::Up)?,
        vec![last.version().unsigned_abs()],
    )?;
    ensure(
        seen(store)?.is_what_is_left_of(&before),
        "the migrations of another series changed rows of the store",
    )
}

/// A storage that was not migrated reports that, and works after one call.
pub(crate) fn empty_database(context: &Context) -> Verdict {
    migrator(context.store())?;
    let storage = harness_result(context.harness().fresh())?;
    let store = harness_result(storage.open())?;
    let other = harness_result(storage.open())?;
    let own = migrator(&store)?;
    succeeds("Migrator::status() of a fresh storage", own.status())?;
    own.down(usize::MAX)?;
    let history = succeeds("Migrator::status() of an empty storage", own.status())?;
    ensure(
        history.iter().all(|row| row.state == StepState::Pending),
        "on an empty storage, not every migration is pending",
    )?;
    for call in every_operation() {
        for got in [call.on_store(&store), call.on_store(&other)] {
            match got {
                Err(Error::Migration(_)) => {}
                Ok(_) if call.name() == "ping" => {}
                other => {
                    return Err(Failure::broken(format!(
                        "{} without a schema did not fail with the right error",
                        call.show()
                    ))
                    .expected("Err(Migration), whose message states what to do")
                    .got(show_got(&other)));
                }
            }
        }
    }
    let steps = succeeds("migrate()", store.migrate())?;
    equal(
        "the applied migrations",
        taken(&steps, Direction::Up)?,
        versions(&own),
    )?;
    // The other handle has not migrated.
    fill(&other)?;
    returns(
        "the rows that another handle has written",
        seen(&store),
        seen(&other)?,
    )
}

/// Threads that do not wait for the lock apply and revert all migrations, until one of them was refused.
pub(crate) fn lock_timeout(context: &Context) -> Verdict {
    let store = context.store();
    let own = migrator(store)?;
    let race = Race::new(context)?;
    let deadline = Instant::now() + Duration::from_secs(20);
    let is_refused = AtomicBool::new(false);
    let outcomes = race.at_once_untimed(THREADS, |_, store| {
        let impatient = migrator(store)?.with_lock_timeout(Duration::ZERO);
        while !is_refused.load(Ordering::SeqCst) && Instant::now() < deadline {
            for run in [Migrator::up, |migrator: &Migrator| {
                migrator.down(usize::MAX)
            }] {
                let ran = timed(|| run(&impatient));
                let Err(error) = &ran.value else { continue };
                is_refused.store(true, Ordering::SeqCst);
                in_time(context, "a run that does not wait for the lock", &ran)?;
                if !matches!(error, Error::Unavailable { .. }) {
                    return Err(Failure::broken(
                        "a run that did not get the lock in time failed with the wrong error",
                    )
                    .expected("Err(Unavailable)")
                    .got(show_error(error)));
                }
            }
        }
        Ok(())
    });
    outcomes.into_iter().collect::<Verdict<()>>()?;
    if !is_refused.into_inner() {
        return Err(Failure::not_run(
            "no two runs wanted the lock at the same time",
        ));
    }
    succeeds(
        "migrate() after runs that did not wait for the lock",
        store.migrate(),
    )?;
    ensure(
        applied(&own)?.into_iter().all(|applied| applied),
        "after migrate(), a migration is pending",
    )?;
    fill(store)
}

/// Checks the names and times of the migrations by the clock of this machine. The server's clock may differ by less
/// than the smallest difference of two time zones.
pub(crate) fn status(context: &Context) -> Verdict {
    const CLOCKS: time::Duration = time::Duration::minutes(10);
    let store = context.store();
    let own = migrator(store)?;
    own.down(usize::MAX)?;
    let began = OffsetDateTime::now_utc() - CLOCKS;
    succeeds("migrate()", store.migrate())?;
    let ended = OffsetDateTime::now_utc() + CLOCKS;
    let names = |migrator: &Migrator| -> Vec<String> {
        let migrations = migrator.series().migrations();
        migrations
            .iter()
            .map(|step| step.name().to_owned())
            .collect()
    };
    // A program without the later migrations, whose names are then those in the history.
    let shorter = migrator(store)?.with_series(changed(&own, |migrations| migrations.truncate(1))?);
    for migrator in [&own, &shorter] {
        let status = succeeds("Migrator::status()", migrator.status())?;
        equal(
            "the names of Migrator::status()",
            status.iter().map(|row| row.name.clone()).collect(),
            names(&own),
        )?;
    }
    let first = succeeds("Migrator::status()", own.status())?;
    for row in &first {
        let in_time = matches!(row.state, StepState::Applied { at } if at >= began && at <= ended);
        ensure(
            in_time,
            format!(
                "Migrator::status() returned the state {1:?} for migration {0}, although it was applied between {2} and {3}",
                row.version,
                row.state,
                began.show(),
                ended.show()
            ),
        )?;
    }
    let second = context.open()?;
    let again = succeeds("Migrator::status()", migrator(&second)?.status())?;
    ensure(
        again == first,
        "Migrator::status() of another handle differs",
    )?;
    let there = migrator(&second)?;
    let last = || applied(&own).map(|applied| applied.last().copied());
    succeeds("Migrator::down(1) of another handle", there.down(1))?;
    equal(
        "whether the last migration is applied, after another handle has reverted it",
        last()?,
        Some(false),
    )?;
    // A history that keeps no milliseconds gives it a different time nevertheless.
    thread::sleep(Duration::from_millis(1_100));
    succeeds("Migrator::up() of another handle", there.up())?;
    equal(
        "whether the last migration is applied, after another handle has applied it",
        last()?,
        Some(true),
    )?;
    let now = succeeds("Migrator::status()", own.status())?;
    ensure(
        now.split_last().map(|(_, earlier)| earlier)
            == first.split_last().map(|(_, earlier)| earlier),
        format!(
            "after the last migration was reverted and applied again, Migrator::status() of the earlier ones differs: \
             {now:?}, before it was {first:?}"
        ),
    )
}
