//! The traits that a backend's author implements: how to create a fresh storage, and how to make it fail.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use authstore::AuthStore;
use serde::{Serialize, Serializer};

pub use authstore::BoxError;

/// Creates storages of one backend, for [`certify!`](crate::certify) and [`Runner`](crate::Runner).
pub trait Harness: Send + Sync + 'static {
    /// Describes the backend, for the certificate.
    fn describe(&self) -> Description;

    /// Creates an empty storage that shares nothing with any other: a new database, a new file, a new map. Every rule
    /// gets its own, and rules run in parallel.
    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError>;

    /// Creates an empty storage on its own server, which [`Storage::restart`] may kill without disturbing other rules.
    /// Called for rules that restart the server ([`Rule::restarts_the_server`](crate::Rule::restarts_the_server)).
    ///
    /// Defaults to [`fresh`](Harness::fresh), which is enough if every storage has its own server.
    fn fresh_to_restart(&self) -> Result<Box<dyn Storage>, BoxError> {
        self.fresh()
    }

    /// Returns the time limits that the backend promises. Defaults to [`Limits::default`]; a harness can only make them
    /// shorter.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Returns the rules that the backend cannot keep or the harness cannot check, each with the reason. They run
    /// anyway: a declined rule that passes is an error.
    ///
    /// You can only decline rules about something that a storage may not have, such as a connection, a schema or a
    /// password: see [`Rule::may_be_declined`](crate::Rule::may_be_declined). Declining any other rule is an error.
    fn declined(&self) -> Vec<Declined> {
        Vec::new()
    }
}

/// One storage, shared by all handles that are opened on it. Dropping it removes the storage, even if handles still
/// exist.
///
/// Only [`open`](Storage::open) is required. The other methods make the database fail from outside, for the rules of
/// the group `faults`. If you omit one, decline the rules that fail without it, with the reason
/// ([`Harness::declined`]).
///
/// While the storage is unreachable or does not answer, each call must return within 75 seconds. After
/// [`restore`](Storage::restore), [`restart`](Storage::restart) or [`resume`](Storage::resume) every handle must work
/// within 60 seconds. A wrong password must be reported within 20 seconds. A harness can make these limits shorter
/// ([`Harness::limits`]).
pub trait Storage: Send + Sync {
    /// Opens a handle on the storage. Each call opens another handle on the same storage, with its own connections if
    /// the backend has connections. The suite calls [`AuthStore::migrate`] on the first.
    fn open(&self) -> Result<AuthStore, BoxError>;

    /// Makes the storage unreachable, like a server that is down: connections are interrupted, and new ones refused.
    fn cut_off(&self) -> Result<(), BoxError> {
        cannot("cut_off")
    }

    /// Makes the storage reachable again after [`cut_off`](Storage::cut_off), with all its data.
    fn restore(&self) -> Result<(), BoxError> {
        cannot("restore")
    }

    /// Kills the storage's server, as the kernel does when memory runs out (`SIGKILL`), and starts it again. Returns
    /// when the server answers. Every acknowledged write must be preserved.
    ///
    /// Other calls run concurrently. Called only on storages that [`Harness::fresh_to_restart`] created.
    fn restart(&self) -> Result<(), BoxError> {
        cannot("restart")
    }

    /// Makes the storage hang: connections stay open, but writes get no answer. Reads may still be answered.
    fn pause(&self) -> Result<(), BoxError> {
        cannot("pause")
    }

    /// Makes the storage execute calls but hold back its answers, until [`resume`](Storage::resume), or until it is
    /// [`cut_off`](Storage::cut_off) and [`restore`](Storage::restore)d, which loses those answers.
    fn hold_answers(&self) -> Result<(), BoxError> {
        cannot("hold_answers")
    }

    /// Makes the storage answer again after [`pause`](Storage::pause) or [`hold_answers`](Storage::hold_answers).
    fn resume(&self) -> Result<(), BoxError> {
        cannot("resume")
    }

    /// Tries to open a handle with this wrong password, and returns the result.
    fn open_with_password(&self, password: &str) -> Result<authstore::Result<AuthStore>, BoxError> {
        let _ = password;
        cannot("open_with_password")
    }
}

fn cannot<T>(method: &str) -> Result<T, BoxError> {
    Err(format!("the harness does not implement Storage::{method}").into())
}

/// A description of the backend, its server and the machine.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// The backend's name, such as `sqlite`.
    pub backend: String,
    /// The backend's version, usually `env!("CARGO_PKG_VERSION")`.
    pub backend_version: String,
    /// The commit that the backend was built from, if the harness knows it.
    pub backend_commit: Option<String>,
    /// The version of the underlying server or library, as it reports it.
    pub server_version: Option<String>,
    /// Settings of the server that affect the result, such as its isolation level.
    pub server_settings: BTreeMap<String, String>,
    /// How [`Storage::cut_off`] simulates an outage, if it does.
    pub cut_off_by: Option<Outage>,
    /// How [`Storage::restart`] restarts the server, if it does.
    pub restarted_by: Option<Outage>,
}

/// The time limits of a backend when its storage fails. The rules of the group `faults` use them, and the certificate
/// shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// The time within which every call must return if the storage is unreachable or does not answer. Defaults to 75
    /// seconds.
    #[serde(rename = "call_millis", serialize_with = "as_millis")]
    pub call: Duration,
    /// The time within which every handle must work again once the storage is reachable. Defaults to 60 seconds.
    #[serde(rename = "recovery_millis", serialize_with = "as_millis")]
    pub recovery: Duration,
    /// The time within which a wrong password must be reported. Defaults to 20 seconds.
    #[serde(rename = "wrong_password_millis", serialize_with = "as_millis")]
    pub wrong_password: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            call: Duration::from_secs(75),
            recovery: Duration::from_secs(60),
            wrong_password: Duration::from_secs(20),
        }
    }
}

impl Limits {
    /// Returns the names of the limits that are longer than the contract allows.
    pub(crate) fn too_long(self) -> Vec<&'static str> {
        let most = Limits::default();
        [
            ("call", self.call > most.call),
            ("recovery", self.recovery > most.recovery),
            ("wrong_password", self.wrong_password > most.wrong_password),
        ]
        .into_iter()
        .filter_map(|(name, is_too_long)| is_too_long.then_some(name))
        .collect()
    }

    /// Returns these limits, shortened to what the contract allows.
    pub(crate) fn capped(self) -> Self {
        let most = Limits::default();
        Limits {
            call: self.call.min(most.call),
            recovery: self.recovery.min(most.recovery),
            wrong_password: self.wrong_password.min(most.wrong_password),
        }
    }
}

fn as_millis<S: Serializer>(time: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// How a harness simulates an outage, from the weakest to the strongest way. The certificate shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outage {
    /// A switch in the storage's code. No connection is interrupted.
    Simulated,
    /// A proxy in front of the server interrupts the connections. The server keeps running, with everything that it has
    /// in memory.
    Proxy,
    /// The server is shut down cleanly and started again. It loses prepared statements and scripts, but may save its
    /// data first.
    Shutdown,
    /// The server is killed and started again. It keeps only what it saved before it acknowledged a write.
    Kill,
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Outage::Simulated => "simulated in the storage's own code",
            Outage::Proxy => "a proxy that cuts connections",
            Outage::Shutdown => "the server is shut down and started again",
            Outage::Kill => "the server is killed and started again",
        })
    }
}

impl Description {
    /// A backend without a server.
    pub fn new(backend: impl Into<String>, backend_version: impl Into<String>) -> Self {
        Description {
            backend: backend.into(),
            backend_version: backend_version.into(),
            ..Description::default()
        }
    }
}

/// A rule, or a whole group of rules, that a harness declines, with the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// The id of a rule, such as `faults.wrong_password`, or of a group, such as `migrate`.
    pub rule: String,
    /// The reason, as a sentence for the reader of the certificate.
    pub reason: String,
}

impl Declined {
    /// Declines a rule or a group.
    pub fn new(rule: impl Into<String>, reason: impl Into<String>) -> Self {
        Declined {
            rule: rule.into(),
            reason: reason.into(),
        }
    }

    /// Returns true if this declines the rule with this id.
    pub(crate) fn covers(&self, id: &str) -> bool {
        self.rule == id
            || id
                .strip_prefix(self.rule.as_str())
                .is_some_and(|rest| rest.starts_with('.'))
    }
}
