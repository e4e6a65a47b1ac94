//! The test mailbox: a page that shows the mails instead of sending them.

use std::sync::{Arc, Mutex, PoisonError};

use crate::http::Response;
use crate::page::{self, escape};

/// The maximum number of mails kept.
const KEPT: usize = 1_000;

/// The mails, shared by all clones.
#[derive(Clone, Default)]
pub(crate) struct Mails(Arc<Mutex<Vec<Mail>>>);

struct Mail {
    to: String,
    subject: String,
    text: String,
    link: String,
}

impl Mails {
    pub(crate) fn add(&self, to: &str, subject: &str, text: &str, link: &str) {
        let mut mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if mails.len() == KEPT {
            mails.remove(0);
        }
        mails.push(Mail {
            to: to.into(),
            subject: subject.into(),
            text: text.into(),
            link: link.into(),
        });
    }

    /// Returns a page with the mails to this address, or with all mails if it is empty, the latest first.
    pub(crate) fn show(&self, to: &str) -> Response {
        let mails = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = mails
            .iter()
            .rev()
            .filter(|mail| to.is_empty() || mail.to == to);
        let rows = wanted.map(|mail| {
            format!(
                "<li class=mail><b>{}</b><br>to <span class=to>{}</span><p>{}</p><a href=\"{link}\">{link}</a></li>",
                escape(&mail.subject),
                escape(&mail.to),
                escape(&mail.text),
                link = escape(&mail.link)
            )
        });
        page::page(
            200,
            "Mails",
            &format!("<ul>{}</ul>", rows.collect::<String>()),
        )
    }
}
