//! State between two requests of one browser, for one use.

use authstore::Challenge;
use authstore::signin::Secret;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use time::Duration;

use crate::failure::Failure;
use crate::visit::Visit;

const LIFETIME: Duration = Duration::minutes(10);

#[derive(Serialize, Deserialize)]
struct Remembered<T> {
    kind: String,
    browser: String,
    state: T,
}

/// Stores `state`, and returns its key.
pub(crate) fn begin(
    visit: &Visit<'_>,
    kind: &str,
    state: impl Serialize,
) -> Result<String, Failure> {
    let key = Secret::generate().into_exposed();
    let remembered = Remembered {
        kind: kind.to_owned(),
        browser: visit.browser_hash(),
        state,
    };
    let payload = serde_json::to_string(&remembered)
        .map_err(|error| Failure::internal("remembering a ceremony", error))?;
    let challenge = Challenge::new(key.clone(), payload, visit.now + LIFETIME);
    visit.app.storage.store().create_challenge(challenge)?;
    Ok(key)
}

/// Returns the state once. Returns nothing if it has expired, was returned before, or belongs to another browser or
/// purpose.
pub(crate) fn finish<T: DeserializeOwned>(
    visit: &Visit<'_>,
    kind: &str,
    key: &str,
) -> Result<T, Failure> {
    let stale = Failure::Told(400, "This attempt is out of date. Please start again.");
    let found = visit.app.storage.store().use_challenge(key)?;
    let Some(challenge) = found.filter(|challenge| !challenge.is_expired(visit.now)) else {
        return Err(stale);
    };
    let Ok(remembered) = serde_json::from_str::<Remembered<serde_json::Value>>(&challenge.payload)
    else {
        return Err(stale);
    };
    // Otherwise an attacker could have your browser finish their own sign-in, and you would use their account.
    if remembered.kind != kind || remembered.browser != visit.browser_hash() {
        return Err(stale);
    }
    serde_json::from_value(remembered.state).map_err(|_| stale)
}
