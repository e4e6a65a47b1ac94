//! Runs rules, and reports their results.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Write as _};
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::certificate::{Certificate, Counts, FORMAT, RuleReport};
use crate::context::Context;
use crate::failure::{Failure, Kind, Verdict};
use crate::harness::{Declined, Harness};
use crate::outcome::Outcome;
use crate::profile::Profile;
use crate::registry::RULES;
use crate::rule::{EDITION, Rule};
use crate::tally::Tally;

/// The environment variable for the seed.
pub const SEED_VARIABLE: &str = "AUTHSTORE_CONFORMANCE_SEED";
/// The environment variable for the [`Profile`].
pub const PROFILE_VARIABLE: &str = "AUTHSTORE_CONFORMANCE_PROFILE";

type Progress = Box<dyn Fn(&RuleReport) + Send + Sync>;
type Replay = Box<dyn Fn(Option<&Rule>) -> String + Send + Sync>;

/// Runs the rules on a backend, and returns the certificate.
///
/// Use it in your own program; for tests, [`certify!`](crate::certify) creates one for each rule.
///
/// ```
/// use authstore_conformance::{ReferenceHarness, Runner};
///
/// let certificate = Runner::new(ReferenceHarness::default()).only("create_user.stored").run();
/// assert_eq!(certificate.counts.passed, 1);
/// ```
pub struct Runner {
    harness: Arc<dyn Harness>,
    seed: u64,
    profile: Profile,
    threads: usize,
    shuffle: bool,
    only: Vec<String>,
    skip: Vec<String>,
    fail_fast: bool,
    time_limit: Option<Duration>,
    progress: Progress,
    replay: Replay,
}

impl Runner {
    /// Creates a runner for all rules, in random order, on two threads. The seed and the profile come from the
    /// environment ([`SEED_VARIABLE`], [`PROFILE_VARIABLE`]); the defaults are a new seed and [`Profile::Quick`].
    ///
    /// # Panics
    ///
    /// If the environment has a seed that is not a number, or an unknown profile.
    pub fn new(harness: impl Harness) -> Self {
        Self::shared(Arc::new(harness))
    }

    /// Like [`new`](Runner::new), for a shared harness.
    pub fn shared(harness: Arc<dyn Harness>) -> Self {
        Runner {
            harness,
            seed: from_environment(SEED_VARIABLE).unwrap_or_else(random_seed),
            profile: from_environment(PROFILE_VARIABLE).unwrap_or_default(),
            threads: 2,
            shuffle: true,
            only: Vec::new(),
            skip: Vec::new(),
            fail_fast: false,
            time_limit: None,
            progress: Box::new(|_| {}),
            replay: Box::new(|rule| {
                rule.map_or("cargo test".to_owned(), |rule| {
                    format!("cargo test {}", rule.test_name())
                })
            }),
        }
    }

    /// Sets the seed of all randomness. The same seed repeats the same tests.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how much is tested.
    #[must_use]
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sets how many rules run in parallel.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// Sets whether the order is random (derived from the seed) or that of the registry.
    #[must_use]
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Runs only a rule (`get_user.absent`), a group (`get_user`) or a class of rules (`concurrency`). Call it again to
    /// add more. The other rules are reported as not run, so the result is not a certificate.
    #[must_use]
    pub fn only(mut self, name: impl Into<String>) -> Self {
        self.only.push(name.into());
        self
    }

    /// Skips a rule, a group or a class of rules, even if [`only`](Runner::only) names it. Call it again to add more.
    /// Skipped rules are reported as not run, so the result is not a certificate.
    #[must_use]
    pub fn skip(mut self, name: impl Into<String>) -> Self {
        self.skip.push(name.into());
        self
    }

    /// Sets whether to stop after the first failure. The rules that were not started are reported as not run.
    #[must_use]
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.fail_fast = fail_fast;
        self
    }

    /// Sets the time after which a rule fails. Defaults to five minutes, and to an hour in [`Profile::Soak`].
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = Some(limit);
        self
    }

    /// Sets a function that is called with each result.
    #[must_use]
    pub fn progress(mut self, progress: impl Fn(&RuleReport) + Send + Sync + 'static) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Sets the command that repeats the run, or one rule, without the environment variables, which are added in front
    /// of it.
    #[must_use]
    pub fn replay(
        mut self,
        command: impl Fn(Option<&Rule>) -> String + Send + Sync + 'static,
    ) -> Self {
        self.replay = Box::new(command);
        self
    }

    /// Runs the rules.
    pub fn run(self) -> Certificate {
        let (date, start) = (OffsetDateTime::now_utc(), Instant::now());
        let description = self.harness.describe();
        let declined = self.harness.declined();
        let mut problems = problems_of_declining(&declined);
        let limits = self.harness.limits();
        for name in limits.too_long() {
            problems.push(format!(
                "Limits::{name} is longer than the contract allows; the rules use the longest that it allows"
            ));
        }
        for name in self.only.iter().chain(&self.skip) {
            if !RULES.iter().any(|rule| rule.is_named_by(name)) {
                problems.push(format!("no rule, group or class is called `{name}`"));
            }
        }
        let tally = Arc::new(Tally::default());
        let mut chosen: Vec<&'static Rule> =
            RULES.iter().filter(|rule| self.chooses(rule)).collect();
        if self.shuffle {
            // Sorting by a hash of the seed and the id shuffles the rules.
            chosen.sort_by_key(|rule| mix(self.seed ^ 1, rule.id));
        }
        let queue = Mutex::new(VecDeque::from(chosen));
        let reports = Mutex::new(BTreeMap::new());
        thread::scope(|scope| {
            for _ in 0..self.threads {
                scope.spawn(|| {
                    loop {
                        let next = queue.lock().expect("no panic while held").pop_front();
                        let Some(rule) = next else { break };
                        let report = self.run_rule(rule, &declined, &tally);
                        if self.fail_fast && report.outcome == Outcome::Failed {
                            queue.lock().expect("no panic while held").clear();
                        }
                        (self.progress)(&report);
                        reports
                            .lock()
                            .expect("no panic while held")
                            .insert(rule.id, report);
                    }
                });
            }
        });
        let mut reports = reports.into_inner().expect("no panic while held");
        let rules: Vec<RuleReport> = RULES
            .iter()
            .map(|rule| {
                reports
                    .remove(rule.id)
                    .unwrap_or_else(|| RuleReport::not_run(rule))
            })
            .collect();
        let counts = Counts::of(&rules);
        let all_kept = problems.is_empty()
            && counts.passed > 0
            && counts.rules == counts.passed + counts.declined;
        Certificate {
            format: FORMAT,
            date: date
                .format(&Rfc3339)
                .expect("the years until 9999 have this form"),
            duration_millis: millis(start.elapsed()),
            backend: description.backend,
            backend_version: description.backend_version,
            backend_commit: description.backend_commit,
            server_version: description.server_version,
            server_settings: description.server_settings,
            cut_off_by: description.cut_off_by,
            restarted_by: description.restarted_by,
            limits: limits.capped(),
            operating_system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            suite_version: env!("CARGO_PKG_VERSION").to_owned(),
            authstore_version: authstore::VERSION.to_owned(),
            edition: EDITION,
            profile: self.profile.to_string(),
            seed: self.seed,
            all_kept,
            certified: all_kept && self.profile != Profile::Quick,
            counts,
            tried: tally.tried(),
            problems,
            rules,
            reproduce: self.reproduce(None),
        }
    }

    fn chooses(&self, rule: &Rule) -> bool {
        let named = |names: &[String]| names.iter().any(|name| rule.is_named_by(name));
        (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
    }

    fn reproduce(&self, rule: Option<&Rule>) -> String {
        format!(
            "{SEED_VARIABLE}={} {PROFILE_VARIABLE}={} {}",
            self.seed,
            self.profile,
            (self.replay)(rule)
        )
    }

    fn run_rule(
        &self,
        rule: &'static Rule,
        declined: &[Declined],
        tally: &Arc<Tally>,
    ) -> RuleReport {
        let start = Instant::now();
        let verdict = self.check(rule, tally);
        let declined = declined
            .iter()
            .find(|declined| rule.may_be_declined() && declined.covers(rule.id));
        let mut broken = false;
        let (outcome, detail) = match (verdict, declined) {
            (Ok(()), None) => (Outcome::Passed, None),
            (Ok(()), Some(declined)) => (
                Outcome::Failed,
                Some(format!(
                    "the rule passes although it was declined ({}); stop declining it",
                    declined.reason
                )),
            ),
            // A declined rule is run anyway. The certificate shows the reason, and what happened.
            (Err(failure), Some(declined)) if failure.kind != Kind::NoStorage => {
                broken = failure.kind == Kind::Broken;
                let how = if broken { "broken" } else { "not possible" };
                (
                    Outcome::Declined,
                    Some(format!(
                        "{} (tried, and {how}: {})",
                        declined.reason,
                        failure.summary()
                    )),
                )
            }
            (Err(failure), _) => match failure.kind {
                Kind::Lacks => (Outcome::Declined, Some(failure.summary().to_owned())),
                Kind::NotRun => (Outcome::NotRun, Some(self.explain(rule, &failure))),
                Kind::Broken | Kind::Cannot | Kind::NoStorage => {
                    (Outcome::Failed, Some(self.explain(rule, &failure)))
                }
            },
        };
        RuleReport {
            id: rule.id,
            sentence: rule.sentence,
            class: rule.class,
            outcome,
            millis: millis(start.elapsed()),
            broken,
            detail,
        }
    }

    fn explain(&self, rule: &Rule, failure: &Failure) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "{:<10}{}", "rule", rule.id);
        let _ = writeln!(text, "{:<10}{}", "", rule.sentence);
        let _ = writeln!(text, "{failure}");
        if failure.kind == Kind::Cannot && rule.may_be_declined() {
            let _ = writeln!(
                text,
                "{:<10}implement it, or decline the rule with the reason (Harness::declined)",
                "next step"
            );
        }
        let _ = writeln!(text, "{:<10}{}", "seed", self.seed);
        let _ = write!(text, "{:<10}{}", "replay", self.reproduce(Some(rule)));
        text
    }

    /// Checks a rule in its own thread, so that one that never ends does not block the others.
    fn check(&self, rule: &'static Rule, tally: &Arc<Tally>) -> Verdict {
        let (harness, profile) = (Arc::clone(&self.harness), self.profile);
        let tally = Arc::clone(tally);
        let seed = mix(self.seed, rule.id);
        let limit = self.time_limit.unwrap_or(match profile {
            Profile::Quick | Profile::Certify => Duration::from_secs(300),
            Profile::Soak => Duration::from_secs(3_600),
        });
        let (sender, receiver) = mpsc::channel();
        let spawned = thread::Builder::new()
            .name(rule.id.to_owned())
            .spawn(move || {
                let restarts = rule.restarts_the_server();
                let verdict = caught(|| Context::new(harness, seed, profile, tally, restarts))
                    .map_err(Failure::during_setup)
                    .and_then(|context| {
                        let verdict = caught(|| (rule.check)(&context));
                        // Dropping the storage runs code of the harness, which may panic.
                        let removed = caught(|| {
                            drop(context);
                            Ok(())
                        });
                        verdict.and(removed)
                    });
                // After the timeout, there is no receiver.
                let _ = sender.send(verdict);
            });
        if let Err(error) = spawned {
            return Err(Failure::not_run(format!(
                "could not start a thread: {error}"
            )));
        }
        match receiver.recv_timeout(limit) {
            Ok(verdict) => verdict,
            Err(_) => Err(Failure::broken(format!(
                "the rule did not end within {} seconds",
                limit.as_secs()
            ))),
        }
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner")
            .field("harness", &self.harness.describe())
            .field("seed", &self.seed)
            .field("profile", &self.profile)
            .field("threads", &self.threads)
            .field("shuffle", &self.shuffle)
            .field("only", &self.only)
            .field("skip", &self.skip)
            .field("fail_fast", &self.fail_fast)
            .finish_non_exhaustive()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the problems with the rules that a harness declines.
fn problems_of_declining(declined: &[Declined]) -> Vec<String> {
    let mut problems = Vec::new();
    for Declined { rule, reason } in declined {
        let named: Vec<&Rule> = RULES
            .iter()
            .filter(|known| known.id == rule || known.group() == rule)
            .collect();
        if named.is_empty() {
            problems.push(format!(
                "`{rule}` is declined, but is not the name of a rule"
            ));
        } else if !named.iter().all(|rule| rule.may_be_declined()) {
            problems.push(format!(
                "`{rule}` cannot be declined: every backend must keep it"
            ));
        }
        if reason.split_whitespace().count() < 3 {
            problems.push(format!(
                "`{rule}` is declined without a reason; write a sentence"
            ));
        }
    }
    problems
}

/// Turns a panic into a failure.
fn caught<T>(work: impl FnOnce() -> Verdict<T>) -> Verdict<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        Err(Failure::broken(format!(
            "the check panicked: {}",
            panic_message(&*panic)
        )))
    })
}

pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message")
}

fn from_environment<T: std::str::FromStr<Err: fmt::Display>>(variable: &str) -> Option<T> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|error| panic!("{variable}={text}: {error}")),
    )
}

fn random_seed() -> u64 {
    // Kept short enough to type.
    RandomState::new().hash_one(Instant::now()) % 1_000_000_000
}

/// Hashes the text with the seed (FNV-1a and a final mix): different for each seed and text, the same on every machine.
fn mix(seed: u64, text: &str) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in seed.to_le_bytes().into_iter().chain(text.bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    hash ^ (hash >> 29)
}

/// The body of each test of [`certify!`](crate::certify).
#[doc(hidden)]
pub fn test_rule(harness: Arc<dyn Harness>, id: &str) {
    let certificate = Runner::shared(harness).only(id).run();
    let report = certificate
        .rules
        .iter()
        .find(|report| report.id == id)
        .expect("the macro and the registry use the same table");
    let detail = report.detail.as_deref().unwrap_or_default();
    match report.outcome {
        Outcome::Passed => {}
        Outcome::Declined => println!("{id} is declined: {detail}"),
        Outcome::Failed | Outcome::NotRun => panic!("{}\n\n{detail}\n", report.outcome),
    }
    assert!(
        certificate.problems.is_empty(),
        "{}",
        certificate.problems.join("\n")
    );
}
