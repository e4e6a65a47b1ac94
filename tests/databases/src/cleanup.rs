//! What removes containers and files also when a test fails or its process is killed.

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, Stdio};

/// Runs a command when it is dropped, and also when the process that holds it ends in any other way, killed included.
///
/// A destructor alone is not enough: those of statics do not run, nor does any in a process that is killed. So a shell
/// waits for the end of a pipe whose other end this process holds, whatever ends it, and runs the command then.
#[derive(Debug)]
pub(crate) struct AtEnd(Child);

impl AtEnd {
    pub(crate) fn run(command: impl IntoIterator<Item = impl AsRef<OsStr>>) -> io::Result<Self> {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", r#"cat; exec "$@""#, "at-end"])
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        // What is sent to the whole group of processes, such as Ctrl-C, is not for the shell.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        shell.spawn().map(AtEnd)
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // There is no one to tell.
        let _ = self.0.wait();
    }
}
