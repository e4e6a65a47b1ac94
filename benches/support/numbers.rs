//! The numbers of the last run of each benchmark, kept in a file for `docs/performance.md`.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;

static FILE: Mutex<Option<File>> = Mutex::new(None);

/// Starts a new file for this benchmark. A check of the benchmark stores no numbers.
pub(crate) fn begin(benchmark: &str) {
    if super::is_trial() {
        return;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench");
    fs::create_dir_all(&folder).expect("a folder");
    let file = File::create(folder.join(format!("{benchmark}.tsv"))).expect("a file");
    *FILE.lock().expect("the file") = Some(file);
    note("machine", &machine());
    note("load", &load());
}

/// Stores a number: the result of one `way`, in one line of one table of a database.
pub(crate) fn put(table: &str, database: &str, line: &str, way: &str, number: f64) {
    write(&format!("{table}\t{database}\t{line}\t{way}\t{number}"));
}

/// Stores a fact about the run.
pub(crate) fn note(name: &str, fact: &str) {
    write(&format!("note\t{name}\t{fact}"));
}

fn write(line: &str) {
    if let Some(file) = &mut *FILE.lock().expect("the file") {
        writeln!(file, "{line}").expect("a line");
    }
}

/// Returns the processor and the number of processors.
fn machine() -> String {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = cpus.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim().to_owned())
    });
    let count = std::thread::available_parallelism().map_or(0, usize::from);
    format!(
        "{count} x {}",
        name.as_deref().unwrap_or("a processor without a name")
    )
}

/// The load average of the last minute when the benchmark began.
fn load() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}
