//! Removes containers and files even if a test fails or its process is killed.

use std::ffi::OsStr;
use std::io;
use std::process::{Child, Command, Stdio};

/// Runs a command when it is dropped, and when its process ends in any other way, even if it is killed.
///
/// A destructor is not enough: those of statics do not run, nor do any in a process that is killed. So a shell waits
/// for the end of a pipe that this process holds, which closes however the process ends, and then runs the command.
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
        // Signals to the whole process group, such as Ctrl-C, must not reach the shell.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut shell, 0);
        shell.spawn().map(AtEnd)
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // An error cannot be reported here.
        let _ = self.0.wait();
    }
}
