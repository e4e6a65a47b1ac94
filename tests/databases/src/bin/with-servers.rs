//! Runs a command with a PostgreSQL, a MySQL and a MariaDB to test on, in containers that are removed when it ends:
//! `with-servers cargo nextest run --workspace`.
//!
//! Servers whose URL is in the environment already are used as they are.

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::thread;

use authstore_test_databases::{Kind, Server};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: with-servers COMMAND [ARGUMENT...]");
        return ExitCode::from(2);
    };
    let servers = thread::scope(|scope| {
        let starting = Kind::SERVERS.map(|kind| (kind, scope.spawn(move || Server::shared(kind))));
        starting
            .into_iter()
            .map(|(kind, thread)| match thread.join().expect("no panic") {
                Ok(server) => Ok(server),
                Err(reason) => Err(format!("{kind}: {reason}")),
            })
            .collect::<Result<Vec<Arc<Server>>, String>>()
    });
    let servers = match servers {
        Ok(servers) => servers,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    };
    let variables = servers
        .iter()
        .filter(|server| server.is_container())
        .map(|server| (server.kind().url_variable(), server.admin_url()));
    match Command::new(&program)
        .args(arguments)
        .envs(variables)
        .status()
    {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("{}: {status}", program.display());
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}
