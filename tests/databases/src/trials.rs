//! Tests on databases, for `cargo test` and `cargo nextest`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::thread;

use libtest_mimic::{Arguments, Failed, Trial};

use crate::container::{engine, image_is_there};
use crate::kind::Kind;
use crate::pooler::PgBouncer;
use crate::server::Server;

/// What a test needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// A [`Database`](crate::Database) on the shared server.
    Shared,
    /// A [`Database`](crate::Database) on the server of [`Server::hostile`].
    Hostile,
    /// A separate server in a container, which the test can restart or configure.
    Container,
    /// A [`Pooler`](crate::Pooler) in front of the shared server.
    Pooler,
}

/// A test on one database.
pub struct Test {
    kind: Kind,
    needs: Needs,
    name: String,
    run: Box<dyn FnOnce() + Send>,
}

impl std::fmt::Debug for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Test({})", self.name)
    }
}

impl Test {
    /// Creates a test with this name, without the database's. It fails if `run` panics.
    pub fn new(kind: Kind, needs: Needs, name: &str, run: impl FnOnce() + Send + 'static) -> Self {
        Test {
            kind,
            needs,
            name: format!("{kind}::{name}"),
            run: Box::new(run),
        }
    }

    /// Creates the same test for each of these databases.
    pub fn on(kinds: &[Kind], needs: Needs, name: &str, run: fn(Kind)) -> Vec<Self> {
        kinds
            .iter()
            .map(|&kind| Self::new(kind, needs, name, move || run(kind)))
            .collect()
    }
}

/// Runs the tests that the command line selects, and lists the databases that were not available.
///
/// Call it in `main` of a test target that has `harness = false`.
pub fn run(tests: Vec<Test>) -> ExitCode {
    run_with(Arguments::from_args(), tests)
}

/// Like [`run`], for tests that mostly wait for their database: on this many threads, unless the command line says
/// otherwise.
pub fn run_waiting(threads: usize, tests: Vec<Test>) -> ExitCode {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(threads);
    run_with(arguments, tests)
}

fn run_with(arguments: Arguments, tests: Vec<Test>) -> ExitCode {
    let mut wanted: BTreeMap<(Kind, Needs), u64> = BTreeMap::new();
    for test in tests
        .iter()
        .filter(|test| is_asked_for(&arguments, &test.name))
    {
        *wanted.entry((test.kind, test.needs)).or_default() += 1;
    }
    // Starting servers just to list tests would take too long, so only check whether they could be started.
    let obstacle = if arguments.list {
        cheap_obstacle
    } else {
        obstacle
    };
    let obstacles: BTreeMap<(Kind, Needs), String> = thread::scope(|scope| {
        let asked: Vec<_> = wanted
            .keys()
            .map(|&(kind, needs)| ((kind, needs), scope.spawn(move || obstacle(kind, needs))))
            .collect();
        asked
            .into_iter()
            .filter_map(|(key, thread)| {
                let reason = thread.join().expect("no panic").err()?;
                Some((key, reason))
            })
            .collect()
    });
    let required = required();
    let trials = tests
        .into_iter()
        .map(|test| {
            let reason = obstacles.get(&(test.kind, test.needs)).cloned();
            let ignored = reason.is_some() && !required.contains(&test.kind);
            let run = test.run;
            Trial::test(test.name, move || match reason {
                Some(reason) => Err(Failed::from(reason)),
                None => {
                    run();
                    Ok(())
                }
            })
            .with_ignored_flag(ignored)
        })
        .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        for kind in Kind::SERVERS {
            if let Some(notice) = notice(kind, &wanted, &obstacles)
                && !required.contains(&kind)
            {
                println!("{notice}");
            }
        }
    }
    conclusion.exit_code()
}

/// As in libtest-mimic.
fn is_asked_for(arguments: &Arguments, name: &str) -> bool {
    let matches = |filter: &String| {
        if arguments.exact {
            name == filter
        } else {
            name.contains(filter)
        }
    };
    arguments.filter.as_ref().is_none_or(matches) && !arguments.skip.iter().any(matches)
}

/// Returns the reason why tests of this kind cannot run.
fn obstacle(kind: Kind, needs: Needs) -> Result<(), String> {
    match needs {
        _ if !kind.is_server() => Ok(()),
        Needs::Shared => Server::shared(kind).map(drop),
        Needs::Hostile => Server::hostile(kind).map(drop),
        Needs::Container if std::env::var_os(kind.url_variable()).is_none() => {
            Server::shared(kind).map(drop)
        }
        Needs::Container => engine(),
        Needs::Pooler => pooler_images().and_then(|()| Server::shared(kind).map(drop)),
    }
}

fn pooler_images() -> Result<(), String> {
    PgBouncer::ALL
        .iter()
        .try_for_each(|version| image_is_there(&version.image()))
}

fn cheap_obstacle(kind: Kind, needs: Needs) -> Result<(), String> {
    match needs {
        _ if !kind.is_server() => Ok(()),
        Needs::Shared | Needs::Hostile if std::env::var_os(kind.url_variable()).is_some() => Ok(()),
        Needs::Pooler => pooler_images(),
        _ => engine(),
    }
}

/// Returns the required databases: those in `AUTHSTORE_TEST_REQUIRE`, which may also name `node` (for the tests with
/// Auth.js), `browser` (for the sign-in example) and `valkey` (for the example backend).
///
/// # Panics
///
/// If the environment names one that does not exist.
pub fn required() -> Vec<Kind> {
    std::env::var("AUTHSTORE_TEST_REQUIRE")
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|name| !["", "node", "browser", "valkey"].contains(name))
        .map(|name| {
            name.parse()
                .unwrap_or_else(|error| panic!("AUTHSTORE_TEST_REQUIRE: {error}"))
        })
        .collect()
}

/// Returns the message about a database that is not available.
fn notice(
    kind: Kind,
    wanted: &BTreeMap<(Kind, Needs), u64>,
    obstacles: &BTreeMap<(Kind, Needs), String>,
) -> Option<String> {
    let missing = obstacles.iter().filter(|((of, _), _)| *of == kind);
    let count: u64 = missing.clone().map(|(key, _)| wanted[key]).sum();
    let ((_, needs), reason) = missing.min()?;
    let title = kind.title();
    let remedy = match needs {
        Needs::Shared | Needs::Hostile => format!(
            "Start Docker, or set {} to the URL of a running {title} whose user may create databases.",
            kind.url_variable()
        ),
        Needs::Container => "These start a server of their own: start Docker.".to_owned(),
        Needs::Pooler => {
            "These start PgBouncer: start Docker, and run .ci/images pgbouncer pgbouncer-old."
                .to_owned()
        }
    };
    Some(format!(
        "NOT TESTED on {title} ({kind}): {count} of {} tests did not run, since {reason}.\n    {remedy}",
        wanted
            .iter()
            .filter(|((of, _), _)| *of == kind)
            .map(|(_, count)| count)
            .sum::<u64>(),
    ))
}
