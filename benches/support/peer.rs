//! A program that calls an alternative to the store, and measures each call itself.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The program, which exits when its input ends.
pub(crate) struct Peer {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Peer {
    /// Starts it.
    pub(crate) fn start(command: &mut Command) -> Result<Self, String> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?} cannot be started: {error}"))?;
        let output = child.stdout.take().ok_or("no output")?;
        Ok(Peer {
            input: child.stdin.take(),
            output: BufReader::new(output),
            child,
        })
    }

    /// Makes it call an operation with each of these arguments, which are JSON, and returns the duration of each call.
    pub(crate) fn times(&mut self, operation: &str, calls: &[String]) -> Vec<Duration> {
        let input = self.input.as_mut().expect("it is open");
        writeln!(input, "{operation}\t[{}]", calls.join(",")).expect("it listens");
        let mut answer = String::new();
        self.output.read_line(&mut answer).expect("an answer");
        let times: Vec<_> = answer
            .split_whitespace()
            .map(|time| Duration::from_nanos(time.parse().expect("a time")))
            .collect();
        assert_eq!(times.len(), calls.len(), "{operation}: {answer}");
        times
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
