//! What a backend's author writes: where a fresh storage comes from, and what can be done to it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use authstore::AuthStore;
use serde::{Serialize, Serializer};

pub use authstore::BoxError;

/// Makes storages of one backend. [`certify!`](crate::certify) and [`Runner`](crate::Runner) take one.
pub trait Harness: Send + Sync + 'static {
    /// What is certified: it is printed on the certificate.
    fn describe(&self) -> Description;

    /// An empty storage that shares nothing with any other: a new database, a new file, a new map. Every rule gets one of
    /// its own, and rules run side by side.
    fn fresh(&self) -> Result<Box<dyn Storage>, BoxError>;

    /// An empty storage on a server of its own, which [`Storage::restart`] may kill without disturbing other rules. The
    /// rules that do so get theirs from here ([`Rule::restarts_the_server`](crate::Rule::restarts_the_server)).
    ///
    /// Defaults to [`fresh`](Harness::fresh), which is enough where every storage has a server of its own.
    fn fresh_to_restart(&self) -> Result<Box<dyn Storage>, BoxError> {
        self.fresh()
    }

    /// The time limits that the backend promises. Those of [`Limits::default`] by default; a harness can make them shorter,
    /// not longer.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Returns the rules that the backend cannot keep or the harness cannot check, each with the reason. They are still
    /// run: a rule that passes although it was declined is an error.
    ///
    /// Only what a storage may really lack can be declined, such as a connection to cut, a schema to migrate, or a
    /// password: see [`Rule::may_be_declined`](crate::Rule::may_be_declined). To decline any other rule is an error.
    fn declined(&self) -> Vec<Declined> {
        Vec::new()
    }
}

/// One storage, shared by all handles that are opened on it. It is removed when this is dropped; handles that are still
/// around must not stop that.
///
/// Only [`open`](Storage::open) is required. The other methods are what a harness may be able to do to its database,
/// from outside; the rules of the group `faults` need them. Where one is left out, decline the rules that fail without
/// it, with the reason ([`Harness::declined`]).
///
/// While the storage is away or silent, each call must return within 75 seconds. After [`restore`](Storage::restore),
/// [`restart`](Storage::restart) or [`resume`](Storage::resume) every handle must work within 60 seconds. A wrong password
/// must be reported within 20. A harness can make these limits shorter ([`Harness::limits`]).
pub trait Storage: Send + Sync {
    /// A handle on the storage. Called again, it is another handle on the same storage, with connections of its own where
    /// the backend has connections. The suite calls [`AuthStore::migrate`] on the first.
    fn open(&self) -> Result<AuthStore, BoxError>;

    /// Makes the storage unreachable, as a server that is down: connections are cut, new ones refused.
    fn cut_off(&self) -> Result<(), BoxError> {
        cannot("cut_off")
    }

    /// Makes the storage reachable again after [`cut_off`](Storage::cut_off), with all that it held.
    fn restore(&self) -> Result<(), BoxError> {
        cannot("restore")
    }

    /// Kills the storage's server, as the kernel does when memory runs out (`SIGKILL`), and starts it again. Returns when
    /// the server answers. Everything that was acknowledged must still be there.
    ///
    /// Other calls run at the same time. Called only on storages that [`Harness::fresh_to_restart`] made.
    fn restart(&self) -> Result<(), BoxError> {
        cannot("restart")
    }

    /// Makes the storage silent, as a server that hangs: connections stay, writes get no answer. Reads may still get
    /// theirs.
    fn pause(&self) -> Result<(), BoxError> {
        cannot("pause")
    }

    /// Makes the storage do what it is asked and hold its answers back, until [`resume`](Storage::resume), or until it is
    /// [`cut_off`](Storage::cut_off) and [`restore`](Storage::restore)d: then those answers are lost.
    fn hold_answers(&self) -> Result<(), BoxError> {
        cannot("hold_answers")
    }

    /// Makes the storage answer again after [`pause`](Storage::pause) or [`hold_answers`](Storage::hold_answers).
    fn resume(&self) -> Result<(), BoxError> {
        cannot("resume")
    }

    /// Tries to open a handle with this password, which is wrong, and returns what came of it.
    fn open_with_password(&self, password: &str) -> Result<authstore::Result<AuthStore>, BoxError> {
        let _ = password;
        cannot("open_with_password")
    }
}

fn cannot<T>(method: &str) -> Result<T, BoxError> {
    Err(format!("the harness does not implement Storage::{method}").into())
}

/// What is certified.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// The backend's name, such as `sqlite`.
    pub backend: String,
    /// The backend's version, usually `env!("CARGO_PKG_VERSION")`.
    pub backend_version: String,
    /// The commit that the backend was built from, if the harness knows it.
    pub backend_commit: Option<String>,
    /// The version of the server or library beneath it, in its own words.
    pub server_version: Option<String>,
    /// Settings of the server that matter for the result, such as its isolation level.
    pub server_settings: BTreeMap<String, String>,
    /// How [`Storage::cut_off`] makes an outage, if it does.
    pub cut_off_by: Option<Outage>,
    /// How [`Storage::restart`] restarts the server, if it does.
    pub restarted_by: Option<Outage>,
}

/// How long a backend may take when its storage fails. The rules of the group `faults` use these limits, and
/// the certificate prints them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Limits {
    /// The time after which every call has returned, on a storage that cannot be reached or does not answer: 75 seconds by
    /// default.
    #[serde(rename = "call_millis", serialize_with = "as_millis")]
    pub call: Duration,
    /// The time after which every handle works again, once the storage can be reached: 60 seconds by default.
    #[serde(rename = "recovery_millis", serialize_with = "as_millis")]
    pub recovery: Duration,
    /// The time after which a wrong password is reported: 20 seconds by default.
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
    /// The limits that are longer than the contract allows, by name.
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

    /// These, but no longer than the contract allows.
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

/// How a harness makes an outage, from the weakest to the strongest. It is printed on the certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outage {
    /// A switch in the storage's own code. No connection breaks.
    Simulated,
    /// A proxy in front of the server cuts the connections. The server lives on, with everything that it has in memory.
    Proxy,
    /// The server is shut down in order and started again. It loses prepared statements and scripts, but may save its data
    /// on the way down.
    Shutdown,
    /// The server is killed and started again. It keeps only what it had saved when it acknowledged a write.
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

/// A rule, or a whole group of rules, that a harness declines, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declined {
    /// The id of a rule, such as `faults.wrong_password`, or of a group, such as `migrate`.
    pub rule: String,
    /// The reason, in a sentence for whoever reads the certificate.
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

    /// Whether this is about the rule with this id.
    pub(crate) fn covers(&self, id: &str) -> bool {
        self.rule == id
            || id
                .strip_prefix(self.rule.as_str())
                .is_some_and(|rest| rest.starts_with('.'))
    }
}
