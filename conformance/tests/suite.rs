//! What the suite says of itself: its rules, its verdicts, and its certificates.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use authstore_conformance::{
    BoxError, Certificate, Declined, Description, Harness, Limits, Outcome, Profile, RULES,
    Reference, ReferenceHarness, ReferenceStorage, Runner, Storage, to_html,
};

/// The verdict of each rule.
fn verdicts(certificate: &Certificate) -> BTreeMap<&'static str, Outcome> {
    certificate
        .rules
        .iter()
        .map(|rule| (rule.id, rule.outcome))
        .collect()
}

#[test]
fn ids_are_unique_and_well_formed() {
    let mut seen = BTreeSet::new();
    for rule in RULES {
        assert!(seen.insert(rule.id), "{} stands twice", rule.id);
        let (group, name) = rule.id.split_once('.').expect("a group and a name");
        for part in [group, name] {
            assert!(!part.is_empty());
            assert!(
                part.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'),
                "{}",
                rule.id
            );
        }
        assert!(rule.sentence.ends_with('.'), "{}", rule.id);
        assert!((1..=authstore_conformance::EDITION).contains(&rule.since));
    }
}

#[test]
fn every_operation_has_rules() {
    let groups: BTreeSet<&str> = RULES.iter().map(|rule| rule.group()).collect();
    macro_rules! has_a_rule {
        ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
            $(assert!(
                groups.contains(stringify!($operation)),
                concat!(stringify!($operation), " has no rule")
            );)*
        };
    }
    authstore::for_each_operation!(has_a_rule! {});
}

#[test]
fn the_published_list_is_the_registry() {
    let mut table = String::from("| rule | class | since | promise |\n|---|---|---|---|\n");
    for rule in RULES {
        let _ = writeln!(
            table,
            "| `{}` | {} | {} | {} |",
            rule.id, rule.class, rule.since, rule.sentence
        );
    }
    let published = include_str!("../RULES.md").replace("\r\n", "\n");
    let listed = published
        .split_once("| rule |")
        .map(|(_, rest)| format!("| rule |{rest}"))
        .unwrap_or_default();
    assert!(
        listed == table,
        "conformance/RULES.md is not what the registry says; its table must be:\n\n{table}"
    );
}

#[test]
fn rules_pass_in_any_order() {
    let run = |seed, shuffle, threads| {
        Runner::new(ReferenceHarness)
            .seed(seed)
            .shuffle(shuffle)
            .threads(threads)
            .run()
    };
    let together = run(1, false, 1);
    assert!(together.all_kept, "{}", together.to_markdown());
    let shuffled = run(2, true, 6);
    assert_eq!(
        verdicts(&shuffled),
        verdicts(&together),
        "{}",
        shuffled.to_markdown()
    );
}

#[test]
fn rules_report_the_same_alone_and_together() {
    // Those that take seconds each are left to the test above, and to tests/reference.rs, where each runs alone.
    for rule in RULES
        .iter()
        .filter(|rule| rule.class.to_string() != "concurrency")
    {
        let alone = Runner::new(ReferenceHarness).seed(3).only(rule.id).run();
        // The reference has no transactions.
        let lacks = rule.group() == "transaction" && rule.id != "transaction.commits"
            || rule.id == "faults.cut_transaction";
        let outcome = if lacks {
            Outcome::Declined
        } else {
            Outcome::Passed
        };
        assert_eq!(
            verdicts(&alone)[rule.id],
            outcome,
            "{}",
            alone.to_markdown()
        );
        assert_eq!(alone.counts.passed + alone.counts.declined, 1);
        assert_eq!(alone.counts.not_run, RULES.len() - 1);
        assert!(!alone.certified, "one rule is no certificate");
    }
}

/// A harness of the reference that declines what it is told to, and whose storages can do nothing but open, with any password.
struct Declines(Vec<Declined>);

struct OnlyOpens(Reference);

impl Storage for OnlyOpens {
    fn open(&self) -> Result<authstore::AuthStore, BoxError> {
        Ok(authstore::AuthStore::new(self.0.clone()))
    }

    fn open_with_password(
        &self,
        _: &str,
    ) -> Result<authstore::Result<authstore::AuthStore>, BoxError> {
        self.open().map(Ok)
    }
}

impl Harness for Declines {
    fn describe(&self) -> Description {
        Description::new("declines", "1.0")
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        Ok(Box::new(OnlyOpens(Reference::new())))
    }

    fn declined(&self) -> Vec<Declined> {
        self.0.clone()
    }
}

#[test]
fn unsupported_rules_must_be_declined() {
    let not_declined = Runner::new(Declines(Vec::new()))
        .only("faults.restart")
        .run();
    assert_eq!(verdicts(&not_declined)["faults.restart"], Outcome::Failed);
    let markdown = not_declined.to_markdown();
    assert!(
        markdown.contains("does not implement Storage::cut_off"),
        "{markdown}"
    );
    assert!(markdown.contains("decline the rule"), "{markdown}");

    let reason = "It has no server that could be restarted.";
    let declined = Runner::new(Declines(vec![Declined::new("faults.restart", reason)]))
        .only("faults.restart")
        .run();
    assert_eq!(verdicts(&declined)["faults.restart"], Outcome::Declined);
    assert!(declined.to_markdown().contains(reason));
    assert!(declined.to_json().contains(reason));
    assert!(declined.to_junit().contains(reason));
}

#[test]
fn a_certificate_tells_which_declined_rules_are_broken() {
    let reason = "Nobody knows the passwords.";
    let certificate = Runner::new(Declines(vec![
        Declined::new("faults.wrong_password", reason),
        Declined::new("faults.restart", "It has no server."),
    ]))
    .only("faults.wrong_password")
    .only("faults.restart")
    .run();
    assert_eq!(
        (certificate.counts.declined, certificate.counts.broken),
        (2, 1)
    );
    let title = certificate.title();
    assert!(title.contains("2 declined (1 of them broken)"), "{title}");
    let tried = "tried, and broken: a wrong password opened the storage";
    let markdown = certificate.to_markdown();
    assert!(markdown.contains(tried));
    assert_eq!(markdown.matches("| declined, broken |").count(), 1);
    assert!(certificate.to_junit().contains(tried));
    let page = to_html(std::slice::from_ref(&certificate));
    assert_eq!(page.matches("declined, broken").count(), 1);
}

#[test]
fn passing_rules_must_not_be_declined() {
    let reason = "There is no schema to migrate.";
    let certificate = Runner::new(Declines(vec![Declined::new("faults", reason)]))
        .only("faults.failed_operations_leak_nothing")
        .run();
    assert_eq!(
        verdicts(&certificate)["faults.failed_operations_leak_nothing"],
        Outcome::Failed
    );
    assert!(
        certificate
            .to_markdown()
            .contains("the rule passes although")
    );
}

#[test]
fn a_declaration_must_name_a_rule_and_a_reason() {
    for declined in [
        Declined::new("create_user.fast", "It is slow."),
        Declined::new("faults", " "),
        Declined::new("faults", "Not applicable."),
        Declined::new("ping", "There is nothing to ask."),
        Declined::new("secrets", "There is nothing to hide."),
    ] {
        let certificate = Runner::new(Declines(vec![declined])).only("ping").run();
        assert_eq!(certificate.problems.len(), 1);
        assert!(
            certificate
                .to_junit()
                .contains("<error message=\"not certified\">")
        );
        assert!(!certificate.certified);
    }
}

/// Declines every group, and has no operation but `ping`.
struct DeclinesAll;

impl Harness for DeclinesAll {
    fn describe(&self) -> Description {
        Description::new("nothing", "1.0")
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        // A rule's thread bears its name.
        match std::thread::current().name() {
            Some("create_user.stored") => panic!("no storage"),
            Some("ping.answers") => Ok(Box::new(OnlyOpens(Reference::new()))),
            _ => Err("no storage".into()),
        }
    }

    fn declined(&self) -> Vec<Declined> {
        let groups: BTreeSet<&str> = RULES.iter().map(|rule| rule.group()).collect();
        let decline = |group| Declined::new(group, "It is not needed here.");
        groups.into_iter().map(decline).collect()
    }
}

#[test]
fn declining_everything_certifies_nothing() {
    let certificate = Runner::new(DeclinesAll).profile(Profile::Certify).run();
    assert!(!certificate.certified);
    assert!(!certificate.all_kept);
    assert!(!certificate.problems.is_empty());
    assert_eq!(certificate.counts.declined, 0);
    assert_eq!(verdicts(&certificate)["ping.answers"], Outcome::Passed);
    assert_eq!(certificate.counts.failed, RULES.len() - 1);
}

#[test]
fn operations_cannot_be_declined() {
    for rule in RULES {
        let about_an_operation = !["faults", "migrate", "secrets"].contains(&rule.group());
        if about_an_operation {
            assert!(!rule.may_be_declined(), "{}", rule.id);
        }
    }
}

#[test]
fn quick_never_certifies() {
    let quick = Runner::new(ReferenceHarness).profile(Profile::Quick).run();
    assert!(quick.all_kept, "{}", quick.to_markdown());
    assert!(!quick.certified);
    let title = format!(
        "passed, not certified (quick): {} kept",
        quick.counts.passed
    );
    assert!(quick.title().contains(&title), "{}", quick.title());
    assert!(quick.tried.sequences > 0 && quick.tried.overlaps > 0);
    assert!(quick.tried.storages as usize >= RULES.len());
}

#[test]
fn rules_groups_and_classes_are_chosen_and_skipped() {
    let certificate = Runner::new(ReferenceHarness)
        .only("ping.answers")
        .only("get_user")
        .only("secrets")
        .skip("secrets.handle")
        .run();
    assert_eq!(certificate.problems, [""; 0]);
    for rule in &certificate.rules {
        let chosen = match rule.group() {
            "ping" | "get_user" => true,
            "secrets" => rule.id != "secrets.handle",
            _ => false,
        };
        assert_eq!(rule.outcome != Outcome::NotRun, chosen, "{}", rule.id);
    }
    let by_class = Runner::new(ReferenceHarness).only("migrations").run();
    let chosen = by_class
        .rules
        .iter()
        .filter(|rule| rule.outcome != Outcome::NotRun);
    assert!(chosen.clone().count() > 5);
    assert!(chosen.into_iter().all(|rule| rule.group() == "migrate"));
}

#[test]
fn several_certificates_make_one_page() {
    let run = || Runner::new(ReferenceHarness).only("ping").run();
    let mut second = run();
    second.backend = "<script>".into();
    let page = to_html(&[run(), second]);
    assert!(page.contains("2 backends of authstore"));
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
    for rule in RULES {
        assert!(
            page.contains(&format!("<code>{}</code>", rule.id)),
            "{}",
            rule.id
        );
    }
}

/// A harness of the reference with time limits of its own. Its storages come back a moment after they are told to.
struct Limited(Limits);

struct ComesBackLate(Arc<dyn Storage>);

impl Storage for ComesBackLate {
    fn open(&self) -> Result<authstore::AuthStore, BoxError> {
        self.0.open()
    }

    fn cut_off(&self) -> Result<(), BoxError> {
        self.0.cut_off()
    }

    fn restore(&self) -> Result<(), BoxError> {
        let storage = self.0.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(500));
            storage.restore()
        });
        Ok(())
    }

    fn pause(&self) -> Result<(), BoxError> {
        self.0.pause()
    }

    fn resume(&self) -> Result<(), BoxError> {
        self.0.resume()
    }

    fn open_with_password(
        &self,
        password: &str,
    ) -> Result<authstore::Result<authstore::AuthStore>, BoxError> {
        self.0.open_with_password(password)
    }
}

impl Harness for Limited {
    fn describe(&self) -> Description {
        Description::new("limited", "1.0")
    }

    fn limits(&self) -> Limits {
        self.0
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        let storage = ReferenceStorage::new(|reference| reference);
        Ok(Box::new(ComesBackLate(Arc::new(storage))))
    }
}

#[test]
fn a_harness_can_make_the_time_limits_shorter() {
    let run = |limits, rule: &str| Runner::new(Limited(limits)).only(rule).run();
    let (all, none) = (Limits::default(), Duration::ZERO);
    for (rule, limits, word) in [
        (
            "faults.paused",
            Limits { call: none, ..all },
            "took longer than 0ns",
        ),
        (
            "faults.restart",
            Limits {
                recovery: none,
                ..all
            },
            "0ns after the storage became reachable again",
        ),
        (
            "faults.wrong_password",
            Limits {
                wrong_password: none,
                ..all
            },
            "not reported immediately",
        ),
    ] {
        let usual = run(all, rule);
        assert_eq!(
            verdicts(&usual)[rule],
            Outcome::Passed,
            "{}",
            usual.to_markdown()
        );
        let shorter = run(limits, rule);
        assert_eq!(verdicts(&shorter)[rule], Outcome::Failed);
        assert!(
            shorter.to_markdown().contains(word),
            "{}",
            shorter.to_markdown()
        );
    }
    let longer = Limits {
        call: Duration::from_secs(76),
        ..all
    };
    let certificate = run(longer, "ping");
    assert_eq!(certificate.problems.len(), 1);
    assert_eq!(certificate.limits, all);
    assert!(
        certificate
            .to_markdown()
            .contains("75s for a call, 60s for recovery")
    );
    assert!(certificate.to_json().contains("\"call_millis\": 75000"));
}

#[test]
fn certificate_shows_how_outages_were_simulated() {
    let told = Runner::new(ReferenceHarness).only("ping").run();
    assert!(told.to_json().contains("\"cut_off_by\": \"simulated\""));
    for form in [told.to_markdown(), told.to_html(), told.to_junit()] {
        assert!(form.contains("simulated in the storage"), "{form}");
    }
    let untold = Runner::new(Limited(Limits::default())).only("ping").run();
    assert!(
        untold
            .to_markdown()
            .contains("| restarted by | not specified |")
    );
}

#[test]
fn only_restartable_storages_are_killed() {
    /// Has a server of its own for a rule that kills it.
    struct Shared;

    impl Harness for Shared {
        fn describe(&self) -> Description {
            Description::new("shared", "1.0")
        }

        fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
            Ok(Box::new(OnlyOpens(Reference::new())))
        }

        fn fresh_to_restart(&self) -> Result<Box<dyn Storage>, BoxError> {
            ReferenceHarness.fresh()
        }
    }

    let certificate = Runner::new(Shared)
        .only("faults.killed_server")
        .only("faults.restart")
        .run();
    let verdicts = verdicts(&certificate);
    assert_eq!(verdicts["faults.killed_server"], Outcome::Passed);
    assert_eq!(verdicts["faults.restart"], Outcome::Failed);
    for rule in RULES {
        assert!(!rule.restarts_the_server() || rule.may_be_declined());
    }
}

#[test]
fn an_unknown_rule_is_a_problem() {
    let certificate = Runner::new(ReferenceHarness).only("create_user.fast").run();
    assert_eq!(certificate.problems.len(), 1);
    assert!(!certificate.certified);
}

#[test]
fn fail_fast_begins_no_further_rule() {
    for (fail_fast, failed) in [(true, 1), (false, RULES.len())] {
        let counts = Runner::new(Sick::NoStorage)
            .threads(1)
            .fail_fast(fail_fast)
            .run()
            .counts;
        assert_eq!(
            (counts.failed, counts.not_run),
            (failed, RULES.len() - failed)
        );
    }
}

/// A harness whose storages cannot be made, or never answer.
enum Sick {
    NoStorage,
    Hangs,
    Panics,
    PanicsAtTheEnd,
}

/// A storage that cannot be removed.
struct Stays(Reference);

impl Storage for Stays {
    fn open(&self) -> Result<authstore::AuthStore, BoxError> {
        Ok(authstore::AuthStore::new(self.0.clone()))
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        panic!("the file is in use");
    }
}

impl Harness for Sick {
    fn describe(&self) -> Description {
        Description::new("sick", "1.0")
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        match self {
            Sick::NoStorage => Err("the server did not start".into()),
            Sick::Hangs => {
                std::thread::sleep(Duration::from_secs(60));
                Err("too late".into())
            }
            Sick::Panics => panic!("out of paper"),
            Sick::PanicsAtTheEnd => Ok(Box::new(Stays(Reference::new()))),
        }
    }
}

#[test]
fn a_harness_that_fails_certifies_nothing() {
    for (sick, word) in [
        (Sick::NoStorage, "the server did not start"),
        (Sick::Hangs, "did not end within"),
        (Sick::Panics, "out of paper"),
        (Sick::PanicsAtTheEnd, "the file is in use"),
    ] {
        let limit = match sick {
            Sick::Hangs => Duration::from_millis(300),
            Sick::NoStorage | Sick::Panics | Sick::PanicsAtTheEnd => Duration::from_secs(60),
        };
        let certificate = Runner::new(sick)
            .only("ping.answers")
            .time_limit(limit)
            .run();
        assert_eq!(verdicts(&certificate)["ping.answers"], Outcome::Failed);
        assert!(
            certificate.to_markdown().contains(word),
            "{}",
            certificate.to_markdown()
        );
    }
}

#[test]
fn certificate_is_complete() {
    let certificate = Runner::new(ReferenceHarness)
        .seed(42)
        .profile(Profile::Quick)
        .replay(|rule| {
            format!("just conformance {}", rule.map_or("", |rule| rule.id))
                .trim_end()
                .to_owned()
        })
        .only("ping")
        .run();
    let json: serde_json::Value = serde_json::from_str(&certificate.to_json()).unwrap();
    assert_eq!(json["backend"], "reference");
    assert_eq!(json["backend_version"], env!("CARGO_PKG_VERSION"));
    assert!(json["server_version"].is_null());
    assert!(json["server_settings"].is_object());
    assert_eq!(json["suite_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["edition"], authstore_conformance::EDITION);
    assert_eq!(json["seed"], 42);
    assert_eq!(json["format"], 1);
    assert!(
        json["date"]
            .as_str()
            .is_some_and(|date| date.ends_with('Z'))
    );
    assert!(json["duration_millis"].is_u64());
    assert_eq!(json["authstore_version"], authstore::VERSION);
    assert!(
        json["operating_system"]
            .as_str()
            .is_some_and(|name| name.contains(' '))
    );
    assert_eq!(json["tried"]["storages"], 1);
    assert_eq!(json["certified"], false);
    assert_eq!(json["counts"]["rules"], RULES.len());
    assert_eq!(json["counts"]["passed"], 1);
    assert_eq!(json["counts"]["failed"], 0);
    assert_eq!(json["counts"]["declined"], 0);
    assert_eq!(json["counts"]["not_run"], RULES.len() - 1);
    assert_eq!(
        json["reproduce"],
        "AUTHSTORE_CONFORMANCE_SEED=42 AUTHSTORE_CONFORMANCE_PROFILE=quick just conformance"
    );
    let rules = json["rules"].as_array().unwrap();
    assert_eq!(rules.len(), RULES.len());
    for (row, rule) in rules.iter().zip(RULES) {
        assert_eq!(row["id"], rule.id);
        assert!(row["millis"].is_u64());
        assert_eq!(
            row["outcome"],
            if rule.id == "ping.answers" {
                "passed"
            } else {
                "not_run"
            }
        );
    }
}

#[test]
fn certificate_is_written_in_four_forms() {
    let folder = std::env::temp_dir().join(format!("authstore-conformance-{}", std::process::id()));
    let certificate = Runner::new(ReferenceHarness).only("ping").run();
    certificate.write(&folder, "reference").unwrap();
    for (file, text) in [
        ("reference.html", certificate.to_html()),
        ("reference.json", certificate.to_json()),
        ("reference.xml", certificate.to_junit()),
        ("reference.md", certificate.to_markdown()),
    ] {
        assert_eq!(std::fs::read_to_string(folder.join(file)).unwrap(), text);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Loses case: the way a failure reads is shown on it.
#[derive(Clone)]
struct Folding(Reference);

/// Hands every operation on but `get_user_by_email`, which ignores case.
macro_rules! fold {
    ({} $(fn $operation:ident($($argument:ident: $type:ty),*) -> $result:ty;)*) => {
        impl authstore::Backend for Folding {
            fn name(&self) -> &'static str {
                "folding"
            }

            $(fn $operation(&self, $($argument: $type),*) -> authstore::Result<$result> {
                fold!(@ $operation self $($argument)*)
            })*

            fn begin(&self) -> authstore::Result<Option<Box<dyn authstore::BackendTransaction>>> {
                self.0.begin()
            }

            fn pool_state(&self) -> Option<authstore::PoolState> {
                self.0.pool_state()
            }

            fn migrator(&self) -> Option<authstore::migration::Migrator> {
                self.0.migrator()
            }
        }
    };
    (@ get_user_by_email $self:ident $email:ident) => {
        $self.0.with(|model| {
            let folded = $email.to_lowercase();
            let found = |user: &&authstore::User| {
                user.email
                    .as_ref()
                    .is_some_and(|email| email.to_lowercase() == folded)
            };
            model.users.values().find(found).cloned()
        })
    };
    (@ $operation:ident $self:ident $($argument:ident)*) => {
        $self.0.$operation($($argument),*)
    };
}
authstore::for_each_operation!(fold! {});

struct FoldingHarness;

impl Harness for FoldingHarness {
    fn describe(&self) -> Description {
        Description::new("folding", "1.0")
    }

    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError> {
        Ok(Box::new(ReferenceStorage::new(Folding)))
    }
}

#[test]
fn a_failure_reads_well() {
    let certificate = Runner::new(FoldingHarness)
        .seed(7)
        .only("model.sequences")
        .run();
    let report = certificate
        .rules
        .iter()
        .find(|rule| rule.id == "model.sequences")
        .unwrap();
    assert_eq!(report.outcome, Outcome::Failed);
    let detail = report.detail.as_deref().unwrap();
    // No call can be left out: a user, who may get the address later, and a look with the address written another way.
    let sequence: Vec<&str> = detail
        .lines()
        .filter(|line| line.contains("store."))
        .collect();
    let (look, before) = sequence.split_last().expect("there are calls");
    assert!(before.len() <= 2, "{detail}");
    assert!(before[0].contains("store.create_user"), "{detail}");
    assert!(
        before.iter().any(|call| call.contains("@x.org")),
        "{detail}"
    );
    assert!(look.contains("store.get_user_by_email("), "{detail}");
    for part in [
        "rule      model.sequences",
        "expected  Ok(None)",
        "got       Ok(Some(User {",
        "use authstore_conformance::values::{at, id};",
        "seed      7",
        "AUTHSTORE_CONFORMANCE_SEED=7 AUTHSTORE_CONFORMANCE_PROFILE=quick cargo test model::sequences",
    ] {
        assert!(detail.contains(part), "{part} is missing in\n{detail}");
    }
    // And the same seed finds the same.
    let again = Runner::new(FoldingHarness)
        .seed(7)
        .only("model.sequences")
        .run();
    let again = again
        .rules
        .iter()
        .find(|rule| rule.id == "model.sequences")
        .unwrap();
    assert_eq!(again.detail.as_deref(), Some(detail));
}
