//! A complete sign-in in a browser, to copy from: OpenID Connect, links by email, and passkeys. See the README.

mod account;
mod app;
mod ceremony;
mod email_link;
mod failure;
mod http;
mod mail;
mod page;
mod passkey;
mod provider;
mod server;
mod settings;
mod storage;
mod sweep;
mod trial;
mod visit;

use std::error::Error;
use std::sync::Arc;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use app::App;
use server::Running;
use settings::Settings;
use sweep::Sweeper;
use trial::Trial;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    // Before anything is started, so that no signal is lost.
    let mut signals = Signals::new([SIGINT, SIGTERM])?;

    let mut settings = Settings::from_environment()?;
    let listener = server::listen(&settings.address)?;
    settings.set_port(server::port(&listener)?);
    let trial = Trial::start(&mut settings)?;
    let app = Arc::new(App::new(&settings, trial.as_ref())?);
    let sweeper = Sweeper::start(app.storage.store().clone())?;
    let running = {
        let app = app.clone();
        Running::start(listener, move |request| app.answer(request))?
    };
    println!("{}", settings.origin);

    signals.forever().next();
    // Requests in progress are answered; the sweeper ends after its current batch.
    running.stop();
    sweeper.stop();
    if let Some(trial) = trial {
        trial.stop();
    }
    println!("stopped");
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn storage_takes_less_than_200_lines() {
        let lines = include_str!("storage.rs").lines().count();
        assert!(lines < 200, "{lines} lines");
    }
}
