//! Writes the numbers of the last run of each benchmark into `docs/performance.md`, and plots them.
//!
//! Each table is between `<!-- numbers: NAME -->` and `<!-- end -->`. Tables that were not measured stay unchanged.

#[path = "docs/plot.rs"]
mod plot;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use plot::{Dots, Lines, Series};

const DATABASES: [&str; 4] = ["SQLite", "PostgreSQL", "MySQL", "MariaDB"];

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        println!("not tried: it writes to docs/");
        return;
    }
    let numbers = Numbers::read();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let mut page = Page::read(docs.join("performance.md"));
    let runs = numbers.notes(page.get("machine"));
    page.set("machine", Some(runs));
    for database in DATABASES {
        page.set(
            &format!("operations {database}"),
            operations(&numbers, database),
        );
        let plot = operations_plot(&numbers, database);
        let name = database.to_lowercase();
        write_plot(
            &docs,
            &format!("operations-{name}"),
            plot.map(|plot| plot.svg()),
        );
        page.set(&format!("scale {database}"), scale(&numbers, database));
    }
    page.set("plans", plans(&numbers));
    page.set("writers", writers(&numbers));
    page.set("threads", threads(&numbers));
    page.set("statements", statements(&numbers));
    page.set("distance", distance(&numbers));
    page.set("torii", torii(&numbers));
    page.set("sweep", sweep(&numbers));
    page.set("memory", memory(&numbers));
    write_plot(
        &docs,
        "writers",
        writers_plot(&numbers).map(|plot| plot.svg()),
    );
    write_plot(
        &docs,
        "threads",
        threads_plot(&numbers).map(|plot| plot.svg()),
    );
    write_plot(&docs, "scale", scale_plot(&numbers).map(|plot| plot.svg()));
    page.write();
}

fn write_plot(docs: &Path, name: &str, svg: Option<String>) {
    let Some(svg) = svg else { return };
    let folder = docs.join("performance");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join(format!("{name}.svg")), svg).expect("a plot");
}

/// A table, a database and a line.
type Key = (String, String, String);

/// The results of the benchmarks.
struct Numbers {
    /// By table, database and line, in the order of measurement: a number for each way.
    lines: Vec<(Key, BTreeMap<String, f64>)>,
    /// By benchmark: facts about its run.
    notes: Vec<(String, BTreeMap<String, String>)>,
}

impl Numbers {
    fn read() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
        let mut numbers = Numbers {
            lines: Vec::new(),
            notes: Vec::new(),
        };
        let mut files: Vec<_> = fs::read_dir(&folder)
            .expect("no benchmark has run")
            .map(|file| file.expect("a file").path())
            .collect();
        files.sort_unstable();
        for file in files {
            let name = file.file_stem().unwrap_or_default().to_string_lossy();
            let mut notes = BTreeMap::new();
            for line in fs::read_to_string(&file).expect("numbers").lines() {
                match line.split('\t').collect::<Vec<_>>()[..] {
                    ["note", name, fact] => {
                        notes.insert(name.to_owned(), fact.to_owned());
                    }
                    [table, database, line, way, number] => {
                        let number = number.parse().expect("a number");
                        numbers.put([table, database, line].map(str::to_owned), way, number);
                    }
                    _ => panic!("{}: {line}", file.display()),
                }
            }
            numbers.notes.push((name.into_owned(), notes));
        }
        numbers
    }

    fn put(&mut self, [table, database, line]: [String; 3], way: &str, number: f64) {
        let key = (table, database, line);
        match self.lines.iter_mut().find(|(other, _)| *other == key) {
            Some((_, ways)) => ways.insert(way.to_owned(), number),
            None => {
                let ways = BTreeMap::from([(way.to_owned(), number)]);
                self.lines.push((key, ways));
                None
            }
        };
    }

    /// Returns the lines of a table of a database.
    fn table(&self, table: &str, database: &str) -> Vec<(&str, &BTreeMap<String, f64>)> {
        self.lines
            .iter()
            .filter(|((of_table, of_database, _), _)| of_table == table && of_database == database)
            .map(|((_, _, line), ways)| (line.as_str(), ways))
            .collect()
    }

    fn get(&self, table: &str, database: &str, line: &str, way: &str) -> Option<f64> {
        let lines = self.table(table, database);
        let (_, ways) = lines.iter().find(|(other, _)| *other == line)?;
        ways.get(way).copied()
    }

    /// Returns the table of the runs. Those of other benchmarks stay as they are in the table `before`.
    fn notes(&self, before: &str) -> String {
        let name = |row: &str| row.split('`').nth(1).map(str::to_owned);
        let mut rows: BTreeMap<String, String> = before
            .lines()
            .filter_map(|row| Some((name(row)?, row.to_owned())))
            .collect();
        for (benchmark, notes) in &self.notes {
            let note = |name| notes.get(name).map_or("", String::as_str);
            let row = format!("| `{benchmark}` | {} | {} |", note("machine"), note("load"));
            rows.insert(benchmark.clone(), row);
        }
        let mut text =
            "| benchmark | processors | load when it began |\n|---|---|--:|\n".to_owned();
        for row in rows.values() {
            text.push_str(row);
            text.push('\n');
        }
        text
    }
}

/// The page, with tables between marks that can be replaced.
struct Page {
    path: PathBuf,
    text: String,
}

impl Page {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).expect("docs/performance.md");
        Page { path, text }
    }

    /// Replaces the table of this name, if it was measured.
    fn set(&mut self, name: &str, table: Option<String>) {
        let Some(table) = table else {
            println!("not measured: {name}");
            return;
        };
        let place = self.place(name);
        self.text.replace_range(place, &format!("\n{table}\n"));
    }

    /// Returns the table of this name.
    fn get(&self, name: &str) -> &str {
        &self.text[self.place(name)]
    }

    fn place(&self, name: &str) -> Range<usize> {
        let mark = format!("<!-- numbers: {name} -->\n");
        let start = self.text.find(&mark).map(|at| at + mark.len());
        let start = start.unwrap_or_else(|| panic!("no place for: {name}"));
        let end = self.text[start..].find("<!-- end -->").expect("an end") + start;
        start..end
    }

    fn write(self) {
        fs::write(&self.path, self.text).expect("docs/performance.md");
    }
}

/// Returns a Markdown table, or nothing if it has no rows.
fn markdown(head: &[&str], rows: Vec<Vec<String>>) -> Option<String> {
    if rows.is_empty() {
        return None;
    }
    let mut text = format!("| {} |\n|---|", head.join(" | "));
    text += &"--:|".repeat(head.len() - 1);
    text.push('\n');
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    Some(text)
}

/// Formats a number with three significant digits.
fn short(number: f64) -> String {
    match number {
        n if n >= 100.0 => format!("{n:.0}"),
        n if n >= 10.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

fn optional(number: Option<f64>) -> String {
    number.map(short).unwrap_or_default()
}

fn operations(numbers: &Numbers, database: &str) -> Option<String> {
    let rows = numbers.table("operations bare", database);
    let rows = rows.iter().map(|(operation, ways)| {
        let authjs = numbers.get("authjs", database, operation, "authjs");
        let beside = numbers.get("authjs", database, operation, "authstore");
        let times = authjs.zip(beside).map(|(theirs, ours)| theirs / ours);
        vec![
            format!("`{operation}`"),
            short(ways["bare"]),
            short(ways["authstore"]),
            format!("{:.2}", ways["authstore"] / ways["bare"]),
            format!("{:.2}", ways["95 %"]),
            optional(authjs),
            times.map(|times| format!("{times:.1}")).unwrap_or_default(),
        ]
    });
    let head = [
        "operation",
        "bare driver, µs",
        "authstore, µs",
        "ratio",
        "95 % of runs",
        "Auth.js, µs",
        "times as fast",
    ];
    markdown(&head, rows.collect())
}

fn operations_plot(numbers: &Numbers, database: &str) -> Option<Dots> {
    let lines = numbers.table("operations bare", database);
    if lines.is_empty() {
        return None;
    }
    let rows = lines.iter().map(|(operation, ways)| {
        let mut values = vec![Some(ways["authstore"]), Some(ways["bare"])];
        values.push(numbers.get("authjs", database, operation, "authjs"));
        ((*operation).to_owned(), values)
    });
    Some(Dots {
        title: format!("{database}: median of an operation, µs"),
        series: ["authstore", "bare driver", "Auth.js"]
            .map(str::to_owned)
            .to_vec(),
        rows: rows.collect(),
    })
}

fn plans(numbers: &Numbers) -> Option<String> {
    let rows = numbers.table("operations plans", "SQLite");
    let rows = rows.iter().map(|(operation, ways)| {
        let cached = numbers.get("operations bare", "SQLite", operation, "bare");
        vec![
            format!("`{operation}`"),
            optional(cached),
            short(ways["plans"]),
            short(ways["authstore"]),
            format!("{:.2}", ways["authstore"] / ways["plans"]),
        ]
    });
    let head = [
        "operation",
        "`prepare_cached`, µs",
        "with its plan kept, µs",
        "authstore, µs",
        "ratio to the latter",
    ];
    markdown(&head, rows.collect())
}

fn writers(numbers: &Numbers) -> Option<String> {
    let rows = numbers.table("writers", "SQLite");
    let rows = rows.iter().map(|(threads, ways)| {
        vec![
            (*threads).to_owned(),
            short(ways["bare"]),
            short(ways["authstore"]),
            format!("{:.2}", ways["authstore"] / ways["bare"]),
            short(ways["bare p99"]),
            short(ways["authstore p99"]),
        ]
    });
    let head = [
        "threads",
        "driver behind a mutex, 1/s",
        "authstore, 1/s",
        "ratio",
        "driver, 99 %, ms",
        "authstore, 99 %, ms",
    ];
    markdown(&head, rows.collect())
}

/// The series of a table whose lines are numbers.
fn series(numbers: &Numbers, table: &str, database: &str, way: &str, name: &str) -> Series {
    let lines = numbers.table(table, database);
    let points = lines
        .iter()
        .filter_map(|(x, ways)| Some((x.parse().ok()?, *ways.get(way)?)));
    Series {
        name: name.to_owned(),
        points: points.collect(),
    }
}

fn writers_plot(numbers: &Numbers) -> Option<Lines> {
    let of = |way, name| series(numbers, "writers", "SQLite", way, name);
    Lines {
        title: "SQLite, durable sign-ins in a second, by threads".into(),
        x: "threads".into(),
        series: vec![
            of("authstore", "authstore"),
            of("bare", "driver behind a mutex"),
        ],
    }
    .with_points()
}

fn threads(numbers: &Numbers) -> Option<String> {
    let mut rows = Vec::new();
    for database in DATABASES {
        for operation in ["get_session_and_user", "create_session"] {
            for (threads, ways) in numbers.table(&format!("threads {operation}"), database) {
                rows.push(vec![
                    format!("{database}, `{operation}`"),
                    threads.to_owned(),
                    short(ways["bare"]),
                    short(ways["authstore"]),
                    format!("{:.2}", ways["authstore"] / ways["bare"]),
                ]);
            }
        }
    }
    let head = [
        "database, operation",
        "threads",
        "a bare connection each, 1/s",
        "authstore, 1/s",
        "ratio",
    ];
    markdown(&head, rows)
}

fn threads_plot(numbers: &Numbers) -> Option<Lines> {
    let table = "threads get_session_and_user";
    let of = |database| series(numbers, table, database, "authstore", database);
    Lines {
        title: "get_session_and_user in a second, by threads".into(),
        x: "threads".into(),
        series: DATABASES.map(of).to_vec(),
    }
    .with_points()
}

fn statements(numbers: &Numbers) -> Option<String> {
    let rows = numbers.table("statements", "PostgreSQL");
    let rows = rows.iter().map(|(operation, ways)| {
        vec![
            format!("`{operation}`"),
            short(ways["named"]),
            short(ways["unnamed"]),
            format!("{:.2}", ways["unnamed"] / ways["named"]),
        ]
    });
    markdown(
        &["operation", "named, µs", "unnamed, µs", "ratio"],
        rows.collect(),
    )
}

/// Returns a row for each line that a table has for each database.
fn rows_by_database(
    numbers: &Numbers,
    table: &str,
    row: impl Fn(&str, &str, &BTreeMap<String, f64>) -> Vec<String>,
) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for database in DATABASES {
        for (line, ways) in numbers.table(table, database) {
            rows.push(row(database, line, ways));
        }
    }
    rows
}

fn distance(numbers: &Numbers) -> Option<String> {
    let rows = rows_by_database(numbers, "distance", |database, line, ways| {
        vec![
            database.to_owned(),
            match line {
                "first requests" => line.to_owned(),
                operation => format!("`{operation}`"),
            },
            short(ways["by hand"]),
            short(ways["authstore"]),
            format!("{:.2}", ways["authstore"] / ways["by hand"]),
        ]
    });
    let head = ["database", "", "by hand, ms", "authstore, ms", "ratio"];
    markdown(&head, rows)
}

fn torii(numbers: &Numbers) -> Option<String> {
    let rows = numbers.table("torii", "SQLite");
    let rows = rows.iter().map(|(operation, ways)| {
        vec![
            format!("`{operation}`"),
            short(ways["torii"]),
            short(ways["authstore"]),
            format!("{:.1}", ways["torii"] / ways["authstore"]),
        ]
    });
    let head = ["operation", "torii, µs", "authstore, µs", "times as fast"];
    markdown(&head, rows.collect())
}

/// Returns the numbers of users with which a database was measured.
fn sizes(numbers: &Numbers, database: &str) -> Vec<u64> {
    let mut sizes: Vec<u64> = numbers
        .table("scale", database)
        .iter()
        .flat_map(|(_, ways)| ways.keys())
        .filter_map(|users| users.parse().ok())
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

fn scale(numbers: &Numbers, database: &str) -> Option<String> {
    let sizes = sizes(numbers, database);
    let (first, last) = (sizes.first()?.to_string(), sizes.last()?.to_string());
    let rows = numbers.table("scale", database);
    let rows = rows.iter().map(|(operation, ways)| {
        let mut row = vec![format!("`{operation}`")];
        row.extend(
            sizes
                .iter()
                .map(|size| optional(ways.get(&size.to_string()).copied())),
        );
        row.push(format!("{:.2}", ways[&last] / ways[&first]));
        row
    });
    let mut head = vec!["operation".to_owned()];
    head.extend(sizes.iter().map(|size| format!("{size} users, µs")));
    head.push("ratio".to_owned());
    let head: Vec<_> = head.iter().map(String::as_str).collect();
    let mut text = markdown(&head, rows.collect())?;
    if let Some(size) = numbers.get("size", database, &last, "MiB per million users") {
        let _ = writeln!(text, "\n{size:.0} MiB on disk for each million users.");
    }
    Some(text)
}

fn scale_plot(numbers: &Numbers) -> Option<Lines> {
    let operation = "get_session_and_user";
    let of = |database| {
        let points = sizes(numbers, database).into_iter().filter_map(|users| {
            let cost = numbers.get("scale", database, operation, &users.to_string())?;
            Some((users as f64, cost))
        });
        Series {
            name: database.to_owned(),
            points: points.collect(),
        }
    };
    Lines {
        title: format!("{operation}, µs, by the number of users"),
        x: "users".into(),
        series: DATABASES.map(of).to_vec(),
    }
    .with_points()
}

fn sweep(numbers: &Numbers) -> Option<String> {
    let rows = rows_by_database(numbers, "sweep", |database, sessions, ways| {
        vec![
            database.to_owned(),
            sessions.to_owned(),
            short(ways["seconds"]),
            short(ways["p99 before"]),
            short(ways["p99 meanwhile"]),
        ]
    });
    let head = [
        "database",
        "sessions deleted",
        "seconds",
        "sign-in before, 99 %, ms",
        "sign-in during the sweep, 99 %, ms",
    ];
    markdown(&head, rows)
}

fn memory(numbers: &Numbers) -> Option<String> {
    let rows = rows_by_database(numbers, "memory", |database, operations, ways| {
        vec![
            database.to_owned(),
            short(ways["opened"]),
            operations.to_owned(),
            short(ways["worked"]),
            short(ways["connection"]),
            short(ways["sweep"]),
        ]
    });
    let head = [
        "database",
        "store opened, MiB",
        "operations",
        "after them, MiB",
        "each connection, MiB",
        "a sweep of 20,000 rows adds, MiB",
    ];
    markdown(&head, rows)
}
