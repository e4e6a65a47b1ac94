//! Standard output, whose reader may stop reading.

use std::io::{self, ErrorKind, StdoutLock, Write};

/// Returns standard output. Once its reader has closed the pipe, as `head` does, the rest of the output is dropped: what
/// the command does, and its exit code, do not depend on who reads.
pub(crate) fn stdout() -> impl Write {
    Output(io::stdout().lock())
}

struct Output(StdoutLock<'static>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        unless_closed(self.0.write(bytes), bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        unless_closed(self.0.flush(), ())
    }
}

fn unless_closed<T>(result: io::Result<T>, dropped: T) -> io::Result<T> {
    match result {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(dropped),
        result => result,
    }
}
