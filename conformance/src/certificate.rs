//! What is shown to whoever chooses a backend.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::outcome::Outcome;
use crate::rule::{Class, Rule};

/// What a backend does and does not keep, as [`Runner::run`](crate::Runner::run) found it.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Certificate {
    /// The backend's name.
    pub backend: String,
    /// The backend's version.
    pub backend_version: String,
    /// The version of the server beneath it.
    pub server_version: Option<String>,
    /// The server's settings that matter.
    pub server_settings: BTreeMap<String, String>,
    /// The version of this crate.
    pub suite_version: String,
    /// The edition of the rules.
    pub edition: u32,
    /// How much was tried.
    pub profile: String,
    /// What all randomness was made of.
    pub seed: u64,
    /// Whether every rule of the registry ran and passed, or was declined with a reason.
    pub certified: bool,
    /// How many rules ended how.
    pub counts: Counts,
    /// What is wrong with the harness's own declarations.
    pub problems: Vec<String>,
    /// Every rule of the registry, in its order.
    pub rules: Vec<RuleReport>,
    /// The command that does it all again.
    pub reproduce: String,
}

/// How many rules ended how.
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
            not_run: count(Outcome::NotRun),
        }
    }
}

/// How a rule ended.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RuleReport {
    /// The rule.
    pub id: &'static str,
    /// What it promises.
    pub sentence: &'static str,
    /// What it is about.
    pub class: Class,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub millis: u64,
    /// What went wrong, or why it is declined.
    pub detail: Option<String>,
}

impl RuleReport {
    pub(crate) fn not_run(rule: &Rule) -> Self {
        RuleReport {
            id: rule.id,
            sentence: rule.sentence,
            class: rule.class,
            outcome: Outcome::NotRun,
            millis: 0,
            detail: None,
        }
    }
}

impl Certificate {
    /// As JSON.
    pub fn to_json(&self) -> String {
        let mut text =
            serde_json::to_string_pretty(self).expect("it holds nothing but text and numbers");
        text.push('\n');
        text
    }

    /// As JUnit XML: a test case for each rule. A declined rule is skipped, with its reason; one that was not run is an
    /// error.
    pub fn to_junit(&self) -> String {
        let seconds = |millis: u64| format!("{}.{:03}", millis / 1_000, millis % 1_000);
        let all: u64 = self.rules.iter().map(|rule| rule.millis).sum();
        let mut text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"authstore-conformance\">\n  \
             <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" skipped=\"{}\" errors=\"{}\" time=\"{}\">\n",
            xml(&self.backend),
            self.counts.rules,
            self.counts.failed,
            self.counts.declined,
            self.counts.not_run,
            seconds(all),
        );
        for rule in &self.rules {
            let _ = write!(
                text,
                "    <testcase classname=\"{}\" name=\"{}\" time=\"{}\"",
                xml(&self.backend),
                xml(rule.id),
                seconds(rule.millis)
            );
            let detail = xml(rule.detail.as_deref().unwrap_or("it was left out"));
            let sentence = xml(rule.sentence);
            let _ = match rule.outcome {
                Outcome::Passed => writeln!(text, "/>"),
                Outcome::Failed => writeln!(
                    text,
                    ">\n      <failure message=\"{sentence}\">{detail}</failure>\n    </testcase>"
                ),
                Outcome::Declined => {
                    writeln!(
                        text,
                        ">\n      <skipped message=\"{detail}\"/>\n    </testcase>"
                    )
                }
                Outcome::NotRun => writeln!(
                    text,
                    ">\n      <error message=\"not run\">{detail}</error>\n    </testcase>"
                ),
            };
        }
        text + "  </testsuite>\n</testsuites>\n"
    }

    /// As Markdown, for people.
    pub fn to_markdown(&self) -> String {
        let mut text = format!(
            "# {} {}: {}\n\n",
            cell(&self.backend),
            cell(&self.backend_version),
            if self.certified {
                "certified"
            } else {
                "not certified"
            }
        );
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "| {} | {} |", cell(name), cell(value));
        };
        row("", "");
        row("---", "---");
        row("server", self.server_version.as_deref().unwrap_or("none"));
        for (name, value) in &self.server_settings {
            row(name, value);
        }
        row(
            "suite",
            &format!(
                "authstore-conformance {}, edition {}",
                self.suite_version, self.edition
            ),
        );
        row("profile", &self.profile);
        row("seed", &self.seed.to_string());
        row(
            "rules",
            &format!(
                "{}: {} passed, {} failed, {} declined, {} not run",
                self.counts.rules,
                self.counts.passed,
                self.counts.failed,
                self.counts.declined,
                self.counts.not_run
            ),
        );
        row("again", &format!("`{}`", self.reproduce));
        for problem in &self.problems {
            let _ = writeln!(text, "\n**{problem}**");
        }
        for outcome in [Outcome::Failed, Outcome::NotRun] {
            for rule in self.rules.iter().filter(|rule| rule.outcome == outcome) {
                let _ = writeln!(
                    text,
                    "\n## {outcome}: {}\n\n{}\n\n~~~~text\n{}\n~~~~",
                    rule.id,
                    rule.sentence,
                    rule.detail.as_deref().unwrap_or("It was left out.")
                );
            }
        }
        if self.counts.declined > 0 {
            text += "\n## Declined\n\n| rule | reason |\n|---|---|\n";
            for rule in self
                .rules
                .iter()
                .filter(|rule| rule.outcome == Outcome::Declined)
            {
                let _ = writeln!(
                    text,
                    "| {} | {} |",
                    rule.id,
                    cell(rule.detail.as_deref().unwrap_or_default())
                );
            }
        }
        text += "\n## All rules\n\n| rule | class | outcome | ms |\n|---|---|---|---:|\n";
        for rule in &self.rules {
            let _ = writeln!(
                text,
                "| {} | {} | {} | {} |",
                rule.id, rule.class, rule.outcome, rule.millis
            );
        }
        text
    }

    /// Writes `<name>.json`, `<name>.xml` and `<name>.md` into a folder, which is made when it is not there.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn write(&self, folder: impl AsRef<Path>, name: &str) -> io::Result<()> {
        let folder = folder.as_ref();
        fs::create_dir_all(folder)?;
        fs::write(folder.join(format!("{name}.json")), self.to_json())?;
        fs::write(folder.join(format!("{name}.xml")), self.to_junit())?;
        fs::write(folder.join(format!("{name}.md")), self.to_markdown())
    }
}

/// Text within XML. Control characters are not allowed there, not even escaped.
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

/// Text within a line of Markdown, such as a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
        .replace('<', "&lt;")
        .replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_holds_nothing_that_is_not_allowed_in_it() {
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
