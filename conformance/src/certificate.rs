//! The certificate of a backend, for people who choose one.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::harness::{Limits, Outage};
use crate::outcome::Outcome;
use crate::rule::{Class, Rule};
use crate::tally::Tried;

/// The version of the JSON format ([`Certificate::to_json`]). It increases when a field changes its meaning or is
/// removed.
pub(crate) const FORMAT: u32 = 1;

pub(crate) const DOES_NOT_PROVE: &str = "A certificate shows what was tested, on this backend, with these settings. \
                                         It does not prove that nothing can go wrong: races and faults are tested \
                                         many times, but not in every order, and speed, power failures, backups, and \
                                         access to the storage by other programs are not tested.";

/// The results of all rules for a backend, as [`Runner::run`](crate::Runner::run) returns them.
#[derive(Clone, Debug, Serialize)]
#[must_use = "it may say that the backend breaks rules"]
#[non_exhaustive]
pub struct Certificate {
    /// The version of the JSON format.
    pub format: u32,
    /// The time at which the run began, in UTC (RFC 3339).
    pub date: String,
    /// The duration of the run, in milliseconds.
    pub duration_millis: u64,
    /// The backend's name.
    pub backend: String,
    /// The backend's version.
    pub backend_version: String,
    /// The commit that the backend was built from, if the harness reports it.
    pub backend_commit: Option<String>,
    /// The version of its server.
    pub server_version: Option<String>,
    /// The relevant settings of the server.
    pub server_settings: BTreeMap<String, String>,
    /// How the storage was cut off, if the harness reports it.
    pub cut_off_by: Option<Outage>,
    /// How its server was restarted, if the harness reports it.
    pub restarted_by: Option<Outage>,
    /// The time limits of the backend when its storage fails.
    pub limits: Limits,
    /// The operating system and processor of the machine that ran the suite.
    pub operating_system: String,
    /// The version of this crate.
    pub suite_version: String,
    /// The version of `authstore`.
    pub authstore_version: String,
    /// The edition of the rules.
    pub edition: u32,
    /// How much was tested.
    pub profile: String,
    /// The seed of all randomness.
    pub seed: u64,
    /// True if every rule of the registry ran and passed, or was declined with a reason.
    pub all_kept: bool,
    /// True if that holds in a profile that certifies: [`Profile::Certify`](crate::Profile::Certify) or
    /// [`Profile::Soak`](crate::Profile::Soak). [`Profile::Quick`](crate::Profile::Quick) tests too little.
    pub certified: bool,
    /// The number of rules with each outcome.
    pub counts: Counts,
    /// How much was tested.
    pub tried: Tried,
    /// Problems with the harness's own declarations.
    pub problems: Vec<String>,
    /// The results of all rules, in the order of the registry.
    pub rules: Vec<RuleReport>,
    /// The command that repeats the run.
    pub reproduce: String,
}

/// The number of rules with each outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// All rules of the registry.
    pub rules: usize,
    /// See [`Outcome::Passed`].
    pub passed: usize,
    /// See [`Outcome::Failed`].
    pub failed: usize,
    /// See [`Outcome::Declined`].
    pub declined: usize,
    /// How many of the declined rules the backend was seen to break.
    pub broken: usize,
    /// See [`Outcome::NotRun`].
    pub not_run: usize,
}

impl Counts {
    pub(crate) fn of(rules: &[RuleReport]) -> Self {
        let count = |outcome| rules.iter().filter(|rule| rule.outcome == outcome).count();
        Counts {
            rules: rules.len(),
            passed: count(Outcome::Passed),
            failed: count(Outcome::Failed),
            declined: count(Outcome::Declined),
            broken: rules.iter().filter(|rule| rule.broken).count(),
            not_run: count(Outcome::NotRun),
        }
    }
}

/// The result of a rule.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RuleReport {
    /// The rule.
    pub id: &'static str,
    /// The sentence of the rule.
    pub sentence: &'static str,
    /// The class of the rule.
    pub class: Class,
    /// The outcome.
    pub outcome: Outcome,
    /// The duration, in milliseconds.
    pub millis: u64,
    /// True if it is declined, and the backend broke it when it was tried nevertheless. False if it was declined because
    /// the harness or the backend lacks what it needs.
    pub broken: bool,
    /// The failure, or the reason why it is declined.
    pub detail: Option<String>,
}

impl RuleReport {
    /// Returns the group of the rule: the first part of its ID.
    pub fn group(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(group, _)| group)
    }

    /// Returns the outcome, and of a declined rule also that it was broken.
    pub(crate) fn outcome_in_words(&self) -> String {
        let broken = if self.broken { ", broken" } else { "" };
        format!("{}{broken}", self.outcome)
    }

    pub(crate) fn not_run(rule: &Rule) -> Self {
        RuleReport {
            id: rule.id,
            sentence: rule.sentence,
            class: rule.class,
            outcome: Outcome::NotRun,
            millis: 0,
            broken: false,
            detail: None,
        }
    }
}

impl Certificate {
    /// Returns a summary in one line: `sqlite 0.1.0: certified (certify): 403 kept, 19 declined`.
    pub fn title(&self) -> String {
        let verdict = match (self.certified, self.all_kept) {
            (true, _) => "certified",
            (false, true) => "passed, not certified",
            (false, false) => "not certified",
        };
        let Counts {
            rules: _,
            passed,
            failed,
            declined,
            broken,
            not_run,
        } = self.counts;
        let mut title = format!(
            "{} {}: {verdict} ({}): {passed} kept, {declined} declined",
            self.backend, self.backend_version, self.profile
        );
        if broken > 0 {
            let _ = write!(title, " ({broken} of them broken)");
        }
        for (count, what) in [(failed, "failed"), (not_run, "not run")] {
            if count > 0 {
                let _ = write!(title, ", {count} {what}");
            }
        }
        title
    }

    /// Returns named facts about the backend, the machine and the run.
    pub(crate) fn facts(&self) -> Vec<(String, String)> {
        let mut facts = Vec::new();
        let mut fact = |name: &str, value: String| facts.push((name.to_owned(), value));
        if let Some(commit) = &self.backend_commit {
            fact("commit", commit.clone());
        }
        let server = self.server_version.as_deref().unwrap_or("none");
        fact("server", server.to_owned());
        for (name, value) in &self.server_settings {
            fact(name, value.clone());
        }
        for (name, outage) in [
            ("cut off by", self.cut_off_by),
            ("restarted by", self.restarted_by),
        ] {
            fact(
                name,
                outage.map_or("not specified".to_owned(), |outage| outage.to_string()),
            );
        }
        fact(
            "time limits",
            format!(
                "{:?} for a call, {:?} for recovery, {:?} for a wrong password",
                self.limits.call, self.limits.recovery, self.limits.wrong_password
            ),
        );
        fact(
            "suite",
            format!(
                "authstore-conformance {}, edition {}, with authstore {}",
                self.suite_version, self.edition, self.authstore_version
            ),
        );
        fact("date", self.date.clone());
        fact("duration", format!("{} s", seconds(self.duration_millis)));
        fact("operating system", self.operating_system.clone());
        fact("profile", self.profile.clone());
        fact("seed", self.seed.to_string());
        fact(
            "tried",
            format!(
                "{} fresh storages, {} random sequences of operations, {} races with overlapping calls, {} faults",
                self.tried.storages, self.tried.sequences, self.tried.overlaps, self.tried.faults
            ),
        );
        fact("run again", self.reproduce.clone());
        facts
    }

    /// Returns the certificate as JSON. The field `format` is the version of the format.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("it contains only text and numbers");
        text.push('\n');
        text
    }

    /// Returns the certificate as JUnit XML, with a test case for each rule, whose class is the rule's group. A
    /// declined rule is skipped, with its reason; one that was not run is an error, and so is each problem of the run.
    /// The time of the suite is that of the whole run. It is less than the sum, because rules run in parallel.
    pub fn to_junit(&self) -> String {
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"authstore-conformance\">\n  \
             <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"{}\" time=\"{}\" \
             timestamp=\"{}\">\n    <properties>\n",
            xml(&self.backend),
            self.counts.rules + self.problems.len(),
            self.counts.failed,
            self.counts.declined,
            self.counts.not_run + self.problems.len(),
            seconds(self.duration_millis),
            xml(&self.date),
        );
        for (name, value) in self.facts() {
            let _ = writeln!(
                text,
                "      <property name=\"{}\" value=\"{}\"/>",
                xml(&name),
                xml(&value)
            );
        }
        text += "    </properties>\n";
        for rule in &self.rules {
            let _ = write!(
                text,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
                xml(rule.group()),
                xml(rule.id),
                seconds(rule.millis)
            );
            let detail = xml(rule.detail.as_deref().unwrap_or(LEFT_OUT));
            let sentence = xml(rule.sentence);
            let (element, message) = match rule.outcome {
                Outcome::Passed => {
                    text += "/>\n";
                    continue;
                }
                Outcome::Failed => ("failure", sentence.as_str()),
                Outcome::Declined => ("skipped", detail.as_str()),
                Outcome::NotRun => ("error", "not run"),
            };
            let body = match rule.outcome {
                Outcome::Declined => "",
                _ => detail.as_str(),
            };
            let _ = writeln!(
                text,
                ">\n      <{element} message=\"{message}\">{body}</{element}>\n    </testcase>"
            );
        }
        for (number, problem) in self.problems.iter().enumerate() {
            let _ = writeln!(
                text,
                "    <testcase classname=\"run\" name=\"problem {}\" time=\"0\">\n      \
                 <error message=\"not certified\">{}</error>\n    </testcase>",
                number + 1,
                xml(problem)
            );
        }
        text + "  </testsuite>\n</testsuites>\n"
    }

    /// Returns the certificate as Markdown, for people.
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# {}\n\n| | |\n|---|---|\n", cell(&self.title()));
        for (name, value) in self.facts() {
            let _ = writeln!(text, "| {} | {} |", cell(&name), cell(&value));
        }
        for problem in &self.problems {
            let _ = writeln!(text, "\n**{}**", cell(problem));
        }
        for outcome in [Outcome::Failed, Outcome::NotRun] {
            for rule in self.rules.iter().filter(|rule| rule.outcome == outcome) {
                let _ = writeln!(
                    text,
                    "\n## {outcome}: {}\n\n{}\n\n~~~~text\n{}\n~~~~",
                    rule.id,
                    rule.sentence,
                    // A line break to Markdown, which could end the block.
                    rule.detail
                        .as_deref()
                        .unwrap_or(LEFT_OUT)
                        .replace('\r', "\u{fffd}")
                );
            }
        }
        if self.counts.declined > 0 {
            text += "\n## Declined\n\n| rule | promise | reason |\n|---|---|---|\n";
            for rule in self
                .rules
                .iter()
                .filter(|rule| rule.outcome == Outcome::Declined)
            {
                let _ = writeln!(
                    text,
                    "| {} | {} | {} |",
                    rule.id,
                    cell(rule.sentence),
                    cell(rule.detail.as_deref().unwrap_or_default())
                );
            }
        }
        text +=
            "\n## All rules\n\n| rule | promise | class | outcome | ms |\n|---|---|---|---|---:|\n";
        for rule in &self.rules {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} | {} |",
                rule.id,
                cell(rule.sentence),
                rule.class,
                rule.outcome_in_words(),
                rule.millis
            );
        }
        let _ = writeln!(text, "\n## What this does not prove\n\n{DOES_NOT_PROVE}");
        text
    }

    /// Writes `<name>.json`, `<name>.xml`, `<name>.md` and `<name>.html` into a folder, which is created if missing.
    ///
    /// # Errors
    ///
    /// Errors of the file system.
    pub fn write(&self, folder: impl AsRef<Path>, name: &str) -> io::Result<()> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder)?;
        fs::write(folder.join(format!("{name}.json")), self.to_json())?;
        fs::write(folder.join(format!("{name}.xml")), self.to_junit())?;
        fs::write(folder.join(format!("{name}.md")), self.to_markdown())?;
        fs::write(folder.join(format!("{name}.html")), self.to_html())
    }
}

const LEFT_OUT: &str = "left out of this run";

fn seconds(millis: u64) -> String {
    format!("{}.{:03}", millis / 1_000, millis % 1_000)
}

/// Escapes text for XML, which does not allow control characters, even escaped.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' => escaped += "&#10;",
            '\t' => escaped += "&#9;",
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control < ' ' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Escapes text for a line of Markdown, such as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_contains_only_allowed_characters() {
        assert_eq!(
            xml("a<b>&\"c\"\n\u{1}\u{1b}é"),
            "a&lt;b&gt;&amp;&quot;c&quot;&#10;\u{fffd}\u{fffd}é"
        );
    }

    #[test]
    fn a_cell_stays_in_its_row() {
        assert_eq!(cell("a|b\nc<!--"), "a\\|b c&lt;!--");
    }
}
