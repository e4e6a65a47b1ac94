//! Sends mail through a mail server, or to the test mailbox.

use std::error::Error;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::{Address, Message, SmtpTransport, Transport};

use crate::failure::Failure;
use crate::settings::Settings;
use crate::trial::{Mails, Trial};

/// The timeout of the mail server.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Parses an address, without a name or angle brackets: in `"ada@example.org" <eve@example.com>`, the mail would go to
/// one address, and another be stored as verified.
pub(crate) fn address(text: &str) -> Result<Address, Failure> {
    text.parse()
        .map_err(|_| Failure::Told(400, "This is not an email address."))
}

/// Where mail goes.
pub(crate) enum Mailer {
    Smtp(Box<Smtp>),
    Trial(Mails),
}

/// A mail server, and the sender of the mails.
pub(crate) struct Smtp {
    transport: SmtpTransport,
    from: Mailbox,
}

impl Mailer {
    pub(crate) fn new(
        settings: &Settings,
        trial: Option<&Trial>,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        if let Some(smtp) = &settings.smtp {
            return Ok(Mailer::Smtp(Box::new(Smtp {
                transport: SmtpTransport::from_url(&smtp.url)?
                    .timeout(Some(TIMEOUT))
                    .build(),
                from: smtp.from.parse()?,
            })));
        }
        let trial = trial.ok_or("no mail server")?;
        Ok(Mailer::Trial(trial.mails()))
    }

    /// Sends a text, followed by a link on its own line if there is one.
    pub(crate) fn send(
        &self,
        to: &str,
        subject: &str,
        text: &str,
        link: &str,
    ) -> Result<(), Failure> {
        let recipient = Mailbox::new(None, address(to)?);
        match self {
            Mailer::Trial(mails) => {
                mails.add(to, subject, text, link);
                Ok(())
            }
            Mailer::Smtp(smtp) => {
                let message = Message::builder()
                    .from(smtp.from.clone())
                    .to(recipient)
                    .subject(subject)
                    .body(format!("{text}\n\n{link}\n"))
                    .map_err(|error| Failure::internal("writing a mail", error))?;
                smtp.transport
                    .send(&message)
                    .map(drop)
                    .map_err(|error| Failure::internal("sending a mail", error))
            }
        }
    }
}
