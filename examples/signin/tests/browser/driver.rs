//! Debian's chromium, driven by its driver in the WebDriver protocol (https://www.w3.org/TR/webdriver2/), with virtual
//! authenticators (https://www.w3.org/TR/webauthn-3/#sctn-automation).

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use authstore_test_databases::free_port;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Body;
use ureq::http::Response;

use crate::program::Program;

/// The timeout for an element or a page to appear, long enough for a busy machine.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The longest answer of the driver, in bytes: a picture.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// Returns why there is no browser, if there is none.
pub(crate) fn obstacle() -> Option<String> {
    ["chromium", "chromedriver"].into_iter().find_map(|name| {
        let found = Command::new(name).arg("--version").output();
        match found {
            Ok(output) if output.status.success() => None,
            _ => Some(format!("{name} does not run")),
        }
    })
}

/// Returns whether `AUTHSTORE_TEST_REQUIRE` names `browser`.
pub(crate) fn is_required() -> bool {
    std::env::var("AUTHSTORE_TEST_REQUIRE")
        .is_ok_and(|names| names.split(',').any(|name| name.trim() == "browser"))
}

/// A browser of its own: process, driver and profile.
pub(crate) struct Browser {
    driver: Child,
    agent: ureq::Agent,
    session: String,
    _profile: tempfile::TempDir,
    origin: String,
    mails: String,
}

impl Browser {
    pub(crate) fn start(program: &Program) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        // With port 0, the driver ends if the port that it was given for IPv6 is taken for IPv4.
        let port = free_port();
        let mut driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the driver starts");
        let mut output = BufReader::new(driver.stdout.take().expect("its output"));
        let mut printed = String::new();
        while !printed.contains("started successfully") {
            let length = output.read_line(&mut printed).expect("a line");
            assert_ne!(length, 0, "the driver has ended: {printed}");
        }
        // Otherwise the driver would block on a full pipe.
        thread::spawn(move || output.lines().for_each(drop));
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(180)))
            .http_status_as_error(false)
            .build()
            .into();
        let mut browser = Browser {
            driver,
            agent,
            session: format!("http://127.0.0.1:{port}/session"),
            origin: program.origin.clone(),
            mails: program.mails.clone(),
            _profile: profile,
        };
        let folder = format!("--user-data-dir={}", browser._profile.path().display());
        let options = json!({ "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--window-size=500,1000", folder,
        ]});
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "goog:chromeOptions": options,
            "timeouts": { "implicit": TIMEOUT.as_millis(), "pageLoad": 120_000 },
        }}});
        let session = browser.post("", &capabilities);
        let id = session["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {session}"));
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    pub(crate) fn goto(&self, path: &str) {
        self.open(&format!("{}{path}", self.origin));
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("/url", &json!({ "url": url }));
    }

    /// Opens the link in the latest mail.
    pub(crate) fn open_mail(&self) {
        self.open(&self.mails);
        self.click("li.mail a");
    }

    /// Presses a button or follows a link, and waits for the page that it leads to. A passkey's button leads there
    /// after a while, so the driver alone does not wait for it.
    pub(crate) fn click(&self, selector: &str) {
        self.run("window.isOld = true", &json!([]));
        self.tick(selector);
        let arrived = json!({
            "script": "return !window.isOld && document.readyState === 'complete'",
            "args": [],
        });
        let began = Instant::now();
        // Between two pages nothing can answer, so an error also means no.
        while self.try_post("/execute/sync", &arrived) != Ok(Value::Bool(true)) {
            assert!(
                began.elapsed() < TIMEOUT,
                "{selector} leads nowhere: {}",
                self.text("body")
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Clicks on something that does not lead to another page.
    pub(crate) fn tick(&self, selector: &str) {
        let element = self.find(selector);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Types into a field, replacing its content.
    pub(crate) fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.post(&format!("/element/{element}/clear"), &json!({}));
        self.post(
            &format!("/element/{element}/value"),
            &json!({ "text": text }),
        );
    }

    pub(crate) fn text(&self, selector: &str) -> String {
        let element = self.find(selector);
        let text = self.get(&format!("/element/{element}/text"));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Returns how many elements there are now.
    pub(crate) fn count(&self, selector: &str) -> usize {
        let script = "return document.querySelectorAll(arguments[0]).length";
        let count = self.run(script, &json!([selector]));
        usize::try_from(count.as_u64().expect("a number")).expect("a few")
    }

    pub(crate) fn run(&self, script: &str, arguments: &Value) -> Value {
        self.post(
            "/execute/sync",
            &json!({ "script": script, "args": arguments }),
        )
    }

    pub(crate) fn cookie(&self, name: &str) -> Value {
        let cookies = self.get("/cookie");
        let cookies = cookies.as_array().cloned().unwrap_or_default();
        cookies
            .into_iter()
            .find(|cookie| cookie["name"] == name)
            .unwrap_or(Value::Null)
    }

    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        let cookie = json!({ "name": name, "value": value, "path": "/", "httpOnly": true, "sameSite": "Lax" });
        self.post("/cookie", &json!({ "cookie": cookie }));
    }

    /// Disables the scripts of all pages from now on; the driver's own still run.
    pub(crate) fn disable_javascript(&self) {
        self.post(
            "/goog/cdp/execute",
            &json!({ "cmd": "Emulation.setScriptExecutionDisabled", "params": { "value": true } }),
        );
    }

    /// Adds an authenticator that accepts everything to the browser, and returns its ID.
    pub(crate) fn add_authenticator(&self) -> String {
        let options = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true,
            "hasUserVerification": true, "isUserVerified": true, "isUserConsenting": true,
        });
        let id = self.post("/webauthn/authenticator", &options);
        id.as_str().expect("an authenticator").to_owned()
    }

    /// Returns all passkeys of an authenticator, with their private keys.
    pub(crate) fn credentials(&self, authenticator: &str) -> Vec<Value> {
        let credentials = self.get(&format!(
            "/webauthn/authenticator/{authenticator}/credentials"
        ));
        credentials.as_array().expect("a list").clone()
    }

    pub(crate) fn add_credential(&self, authenticator: &str, credential: &Value) {
        self.post(
            &format!("/webauthn/authenticator/{authenticator}/credential"),
            credential,
        );
    }

    /// Signs in with a link, as a person does.
    pub(crate) fn sign_in_by_link(&self, email: &str) {
        self.goto("/");
        self.fill("input[type=email]", email);
        self.click("#send-link");
        self.text("#message");
        self.open_mail();
        self.click("#use-link");
        self.find("#sign-out");
    }

    /// Writes a picture of the page for the README, if `SIGNIN_SCREENSHOTS` names a folder.
    pub(crate) fn screenshot(&self, name: &str) {
        let Some(folder) = std::env::var_os("SIGNIN_SCREENSHOTS") else {
            return;
        };
        let picture = self.get("/screenshot");
        let picture = STANDARD
            .decode(picture.as_str().expect("a picture"))
            .expect("base64");
        let path = PathBuf::from(folder).join(format!("{name}.png"));
        std::fs::write(&path, picture)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    pub(crate) fn find(&self, selector: &str) -> String {
        let found = self.post(
            "/element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let element = found.as_object().and_then(|found| found.values().next());
        element
            .and_then(Value::as_str)
            .expect("an element")
            .to_owned()
    }

    fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.session);
        value(self.agent.get(url).call()).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, body)
            .unwrap_or_else(|error| panic!("{path} {body}: {error}"))
    }

    fn try_post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let request = self.agent.post(format!("{}{path}", self.session));
        let request = request.header("Content-Type", "application/json");
        value(request.send(body.to_string()))
    }
}

/// Reads the driver's answer.
fn value(answer: Result<Response<Body>, ureq::Error>) -> Result<Value, String> {
    let mut answer = answer.map_err(|error| error.to_string())?;
    let body = answer.body_mut().with_config().limit(MAX_ANSWER);
    let body = body.read_to_string().map_err(|error| error.to_string())?;
    let value: Value = serde_json::from_str(&body).map_err(|error| error.to_string())?;
    if answer.status().is_success() {
        Ok(value["value"].clone())
    } else {
        Err(value["value"]["message"].to_string())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser; the driver only watches it.
        let _ = self.agent.delete(self.session.as_str()).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
