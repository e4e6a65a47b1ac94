//! Certificates as one HTML page, which loads no other file.

use std::fmt::Write as _;

use crate::certificate::{Certificate, DOES_NOT_PROVE, RuleReport};
use crate::outcome::Outcome;

const STYLE: &str = "\
:root{color-scheme:light dark;--line:#8884;--passed:#1a7f37;--failed:#cf222e;--declined:#9a6700;--quiet:#6e7781}
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:1rem 0}
th,td{text-align:left;padding:.25rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}
thead th{position:sticky;top:0;background:Canvas}
tr.group th{padding-top:1rem}
td small{color:var(--quiet);display:block}
.passed{color:var(--passed)}.failed{color:var(--failed);font-weight:600}
.declined{color:var(--declined)}.not_run{color:var(--quiet)}
pre{overflow:auto;border:1px solid var(--line);padding:1rem;white-space:pre-wrap}";

impl Certificate {
    /// Returns the certificate as one HTML page. For a page that compares several backends, see
    /// [`to_html`](crate::to_html).
    pub fn to_html(&self) -> String {
        to_html(std::slice::from_ref(self))
    }
}

/// Returns certificates as one HTML page: the facts of each, then a matrix of rules and backends. The page loads no
/// other file.
pub fn to_html(certificates: &[Certificate]) -> String {
    let title = match certificates {
        [one] => one.title(),
        several => format!("{} backends of authstore", several.len()),
    };
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <title>{0}</title>\n<style>{STYLE}</style>\n<h1>{0}</h1>\n",
        escape(&title)
    );
    for certificate in certificates {
        summary(&mut page, certificate, certificates.len() > 1);
    }
    matrix(&mut page, certificates);
    for certificate in certificates {
        details(&mut page, certificate);
    }
    let _ = writeln!(
        page,
        "<h2>What this does not prove</h2>\n<p>{}</p>\n</html>",
        escape(DOES_NOT_PROVE)
    );
    page
}

fn summary(page: &mut String, certificate: &Certificate, with_title: bool) {
    if with_title {
        let _ = writeln!(page, "<h2>{}</h2>", escape(&certificate.title()));
    }
    page.push_str("<table>\n");
    for (name, value) in certificate.facts() {
        let _ = writeln!(
            page,
            "<tr><th>{}</th><td>{}</td></tr>",
            escape(&name),
            escape(&value)
        );
    }
    page.push_str("</table>\n");
    for problem in &certificate.problems {
        let _ = writeln!(page, "<p class=\"failed\">{}</p>", escape(problem));
    }
}

/// Writes a row for each rule and a column for each certificate. All certificates list the rules of one registry.
fn matrix(page: &mut String, certificates: &[Certificate]) {
    page.push_str("<h2>Rules</h2>\n<table>\n<thead><tr><th>rule</th>");
    for certificate in certificates {
        let _ = write!(page, "<th>{}</th>", escape(&certificate.backend));
    }
    page.push_str("</tr></thead>\n");
    let mut last_group = "";
    let rules = certificates
        .first()
        .map_or(&[][..], |first| first.rules.as_slice());
    for (index, rule) in rules.iter().enumerate() {
        if rule.group() != last_group {
            last_group = rule.group();
            let _ = writeln!(
                page,
                "<tr class=\"group\"><th colspan=\"{}\">{}</th></tr>",
                certificates.len() + 1,
                escape(last_group)
            );
        }
        let _ = write!(
            page,
            "<tr><td><code>{}</code><small>{}</small></td>",
            escape(rule.id),
            escape(rule.sentence)
        );
        for certificate in certificates {
            let Some(report) = certificate.rules.get(index) else {
                page.push_str("<td></td>");
                continue;
            };
            let _ = write!(
                page,
                "<td class=\"{}\">{}</td>",
                class(report.outcome),
                report.outcome_in_words()
            );
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</table>\n");
}

fn details(page: &mut String, certificate: &Certificate) {
    let told = |rule: &&RuleReport| rule.outcome != Outcome::Passed && rule.detail.is_some();
    for rule in certificate.rules.iter().filter(told) {
        let _ = writeln!(
            page,
            "<h3 class=\"{}\">{}, {}: {}</h3>\n<pre>{}</pre>",
            class(rule.outcome),
            escape(&certificate.backend),
            rule.outcome,
            escape(rule.id),
            escape(rule.detail.as_deref().unwrap_or_default())
        );
    }
}

fn class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "failed",
        Outcome::Declined => "declined",
        Outcome::NotRun => "not_run",
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
