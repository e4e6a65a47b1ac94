//! A mail server that keeps what it receives (RFC 5321).

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use authstore_test_databases::{Database, Kind};

use crate::client::{Client, between};
use crate::program::Program;

/// How long a mail may take.
const TIMEOUT: Duration = Duration::from_secs(60);

/// A link that is sent through a mail server works.
pub(crate) fn link_by_mail(kind: Kind) {
    let (url, mails) = server();
    let settings = [
        ("SMTP_URL", url.as_str()),
        ("MAIL_FROM", "Sign-in <signin@example.org>"),
    ];
    let program = Program::start_on(Database::new(kind).expect("a database"), &settings);
    let mut ada = Client::new(&program);
    assert_eq!(
        ada.post("/email/send", &[("email", "ada@example.org")])
            .status,
        200
    );
    let mail = mails.recv_timeout(TIMEOUT).expect("a mail");
    assert!(mail.contains("To: ada@example.org"), "{mail}");
    assert!(mail.contains("Subject: Your link to sign in"), "{mail}");
    // Quoted-printable (RFC 2045, section 6.7): long lines are broken.
    let text = mail.replace("=\r\n", "").replace("=3D", "=");
    let token = between(&text, "&token=", "\r\n");
    let used = ada.post(
        "/email/use",
        &[("email", "ada@example.org"), ("token", token)],
    );
    assert_eq!(used.status, 303, "{}", used.body);
    // Nothing is sent to an invalid address, or to two addresses.
    for address in [
        "nonsense",
        "a@example.org\r\nBcc: b@example.org",
        "a@example.org, b@example.org",
    ] {
        assert_eq!(
            ada.post("/email/send", &[("email", address)]).status,
            400,
            "{address}"
        );
    }
    program.stop("-TERM");
}

/// Starts the server; its thread ends with the test's process.
fn server() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("smtp://{}", listener.local_addr().expect("an address"));
    let (sender, mails) = mpsc::channel();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut output = client.expect("a client");
            let mut input = BufReader::new(output.try_clone().expect("a copy"));
            let mut reply = |text: &str| output.write_all(format!("{text}\r\n").as_bytes());
            let mut answered = reply("220 ready");
            while answered.is_ok() {
                let mut line = String::new();
                if input.read_line(&mut line).unwrap_or_default() == 0 {
                    break;
                }
                answered = match line.get(..4).unwrap_or_default() {
                    "DATA" => {
                        let mut mail = String::new();
                        let mut asked = reply("354 go on");
                        while asked.is_ok() && !mail.ends_with("\r\n.\r\n") {
                            if input.read_line(&mut mail).unwrap_or_default() == 0 {
                                asked = Err(std::io::ErrorKind::UnexpectedEof.into());
                            }
                        }
                        let _ = sender.send(mail);
                        reply("250 kept")
                    }
                    "QUIT" => reply("221 bye"),
                    _ => reply("250 ok"),
                };
            }
        }
    });
    (url, mails)
}
