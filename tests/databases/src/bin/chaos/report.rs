use std::time::Duration;

use crate::check::Tables;
use crate::ledger::Ledger;

/// A row of the table.
#[derive(Default)]
pub(crate) struct Report {
    rounds: usize,
    acknowledged: u64,
    lost: u64,
    twice: u64,
    unknown: u64,
    stuck: u64,
    longest_call: Duration,
    longest_recovery: Duration,
    failures: Vec<String>,
}

impl Report {
    /// Counts a round, and how long it took until a write was acknowledged again.
    pub(crate) fn add_round(&mut self, recovery: Duration) {
        self.rounds += 1;
        self.longest_recovery = self.longest_recovery.max(recovery);
    }

    /// Counts the reports of the writers, and compares them with the tables.
    pub(crate) fn add_writes(&mut self, ledger: Ledger, tables: Tables) {
        let entries = ledger.into_entries();
        let counts = tables.check(&entries.records);
        self.acknowledged += entries.acknowledged;
        self.lost += counts.lost;
        self.twice += counts.twice + entries.repeated;
        self.unknown += counts.unknown;
        self.stuck += entries.stuck;
        self.longest_call = self.longest_call.max(entries.longest_call);
        self.failures.extend(entries.failures);
    }

    pub(crate) fn is_good(&self) -> bool {
        self.lost == 0 && self.twice == 0 && self.stuck == 0 && self.failures.is_empty()
    }

    pub(crate) fn print_head() {
        println!(
            "{:<18} {:>6} {:>12} {:>5} {:>5} {:>7} {:>5} {:>15} {:>19}",
            "scenario",
            "rounds",
            "acknowledged",
            "lost",
            "twice",
            "unknown",
            "stuck",
            "longest call ms",
            "longest recovery ms"
        );
    }

    pub(crate) fn print(&self, name: &str) {
        println!(
            "{name:<18} {:>6} {:>12} {:>5} {:>5} {:>7} {:>5} {:>15} {:>19}",
            self.rounds,
            self.acknowledged,
            self.lost,
            self.twice,
            self.unknown,
            self.stuck,
            self.longest_call.as_millis(),
            self.longest_recovery.as_millis()
        );
        for reason in &self.failures {
            println!("{name}: {reason}");
        }
    }
}
