//! A browser without JavaScript: it sends the forms that it finds.

use std::collections::BTreeMap;
use std::time::Duration;

use ureq::http::Request;

use crate::program::Program;

/// A response.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: String,
    pub(crate) set_cookies: Vec<String>,
    pub(crate) body: String,
}

/// A client with cookies that does not follow redirects.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    origin: String,
    mails: String,
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Client {
    pub(crate) fn new(program: &Program) -> Self {
        // Use the address, so that no name has to be looked up.
        Self::at(program, &program.origin.replace("localhost", "127.0.0.1"))
    }

    /// A client that reaches the program here instead of at its origin.
    pub(crate) fn at(program: &Program, address: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(120)))
            .max_redirects(0)
            .http_status_as_error(false)
            .build();
        Client {
            agent: agent.into(),
            origin: address.to_owned(),
            mails: program.mails.replace("localhost", "127.0.0.1"),
            cookies: BTreeMap::new(),
        }
    }

    pub(crate) fn try_send(
        &mut self,
        url: &str,
        form: Option<&[(&str, &str)]>,
    ) -> Result<Answer, ureq::Error> {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let url = url.replace("localhost", "127.0.0.1");
        let request = Request::builder()
            .uri(&url)
            .header("Cookie", cookies.join("; "));
        let mut response = match form {
            None => self.agent.run(request.body(()).expect("a request"))?,
            Some(fields) => {
                let body = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields)
                    .finish();
                let request = request
                    .method("POST")
                    .header("Content-Type", "application/x-www-form-urlencoded")
                    .body(body);
                self.agent.run(request.expect("a request"))?
            }
        };
        let header = |name: &str| {
            let values = response.headers().get_all(name).iter();
            values
                .filter_map(|value| Some(value.to_str().ok()?.to_owned()))
                .collect::<Vec<_>>()
        };
        let set_cookies = header("Set-Cookie");
        let location = header("Location").pop().unwrap_or_default();
        for cookie in &set_cookies {
            let (name, value) = cookie
                .split(';')
                .next()
                .and_then(|pair| pair.split_once('='))
                .expect("a cookie");
            self.cookies.insert(name.into(), value.into());
        }
        Ok(Answer {
            status: response.status().as_u16(),
            location,
            set_cookies,
            body: response.body_mut().read_to_string()?,
        })
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.try_send(&self.url(path), None)
            .unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// Sends a form with the token that this client's pages have.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(
            if self.cookies.keys().any(|name| name.ends_with("session")) {
                "/account"
            } else {
                "/"
            },
        );
        let token = between(&page.body, "name=form_token value=\"", "\"").to_owned();
        self.post_with(path, fields, &token)
    }

    pub(crate) fn post_with(&mut self, path: &str, fields: &[(&str, &str)], token: &str) -> Answer {
        let fields = [fields, &[("form_token", token)]].concat();
        self.try_send(&self.url(path), Some(&fields))
            .unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// Returns the link in the latest mail to this address.
    pub(crate) fn link_to(&mut self, email: &str) -> String {
        let mails = format!("{}?to={email}", self.mails);
        let page = self.try_send(&mails, None).expect("the mailbox").body;
        let (_, mail) = page
            .split_once(&format!("<span class=to>{email}</span>"))
            .unwrap_or_else(|| panic!("no mail to {email}: {page}"));
        between(mail, "href=\"", "\"").replace("&amp;", "&")
    }

    /// Asks for a link and returns the fields that its page sends.
    pub(crate) fn email_link(&mut self, email: &str) -> [(String, String); 2] {
        assert_eq!(self.post("/email/send", &[("email", email)]).status, 200);
        let link = self.link_to(email);
        let (_, path) = link.split_once("/email/open").expect("a link of ours");
        let link = self.url(&format!("/email/open{path}"));
        let opened = self.try_send(&link, None).expect("the link's page");
        assert_eq!(opened.status, 200);
        ["email", "token"].map(|name| {
            let value = between(&opened.body, &format!("name={name} value=\""), "\"");
            (name.to_owned(), value.to_owned())
        })
    }

    /// Signs in with a link.
    pub(crate) fn sign_in(&mut self, email: &str) {
        let [first, second] = self.email_link(email);
        let fields = [
            (first.0.as_str(), first.1.as_str()),
            (second.0.as_str(), second.1.as_str()),
        ];
        let answer = self.post("/email/use", &fields);
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert!(
            answer.location.starts_with("/account"),
            "{}",
            answer.location
        );
    }

    /// Begins a sign-in at the provider, and returns the callback that ends it.
    pub(crate) fn callback(&mut self, name: &str, email: &str, verified: &str) -> String {
        let start = self.post("/provider/start", &[]);
        let query = start
            .location
            .split_once('?')
            .expect("the provider's address")
            .1;
        let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let fields = [
            ("state", query["state"].as_str()),
            ("nonce", &query["nonce"]),
            ("code_challenge", &query["code_challenge"]),
            ("name", name),
            ("email", email),
            ("verified", verified),
        ];
        let provider = start
            .location
            .split('?')
            .next()
            .expect("an address")
            .to_owned();
        self.try_send(&provider, Some(&fields))
            .expect("the provider")
            .location
    }

    pub(crate) fn open(&mut self, url: &str) -> Answer {
        self.try_send(url, None)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    pub(crate) fn is_signed_in(&mut self) -> bool {
        self.get("/account").status == 200
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }
}

/// Returns the text between two strings.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text
        .split_once(before)
        .unwrap_or_else(|| panic!("no {before} in {text}"));
    rest.split_once(after).expect("an end").0
}
