//! References in the documents: everything that they refer to exists.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in [
        root().to_owned(),
        root().join("docs"),
        root().join("conformance"),
    ] {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 8, "{found:?}");
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn relative_links_lead_to_files() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = read(&document);
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = link.split('#').next().unwrap_or_default();
            if link.contains("://") || file.is_empty() {
                continue;
            }
            let folder = document.parent().expect("a folder");
            if !folder.join(file).exists() {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert_eq!(broken, [""; 0]);
}

#[test]
fn rules_in_documents_exist() {
    let list = read(&root().join("conformance/RULES.md"));
    let rules: BTreeSet<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let operations: BTreeSet<&str> = rules
        .iter()
        .filter_map(|rule| rule.split('.').next())
        .collect();
    let mut named = 0;
    for document in documents() {
        let text = read(&document);
        for code in text.split('`').skip(1).step_by(2) {
            let Some((operation, promise)) = code.split_once('.') else {
                continue;
            };
            let is_rule = operations.contains(operation)
                && !promise.is_empty()
                && promise
                    .chars()
                    .all(|character| character.is_ascii_lowercase() || character == '_')
                && !["rs", "sql", "md"].contains(&promise);
            if is_rule {
                named += 1;
                assert!(
                    rules.contains(code),
                    "{}: no rule `{code}`",
                    document.display()
                );
            }
        }
    }
    assert!(
        named > rules.len(),
        "{named} rules are named, those of the list too"
    );
}
