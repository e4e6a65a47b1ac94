use time::OffsetDateTime;
use uuid::Uuid;

use crate::model::{Account, Session, User};

/// The time in a UUID v7, in whole milliseconds ([RFC 9562](https://www.rfc-editor.org/rfc/rfc9562#section-5.7)).
pub(crate) fn created_at(id: Uuid) -> Option<OffsetDateTime> {
    if id.get_version_num() != 7 {
        return None;
    }
    let (seconds, nanoseconds) = id.get_timestamp()?.to_unix();
    let seconds = i64::try_from(seconds).ok()?;
    let time = OffsetDateTime::from_unix_timestamp(seconds).ok()?;
    time.replace_nanosecond(nanoseconds).ok()
}

macro_rules! created_at {
    ($($model:ty: $what:literal),*) => {
        $(impl $model {
            #[doc = concat!("Returns when ", $what, " was created, by the clock of the machine that made its ID: the ")]
            /// time in a UUID v7, to the millisecond. `None` for any other ID, such as one that Auth.js or the caller
            /// created.
            pub fn created_at(&self) -> Option<OffsetDateTime> {
                created_at(self.id)
            }
        })*
    };
}

created_at!(User: "the user", Account: "the account", Session: "the session");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_version_7_holds_a_time() {
        let example = Uuid::try_parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").unwrap();
        let time = created_at(example).unwrap();
        assert_eq!(time.unix_timestamp_nanos(), 1_645_557_742_000_000_000);
        for other in [
            Uuid::nil(),
            Uuid::max(),
            Uuid::try_parse("919108f7-52d1-4320-9bac-f847db4148a8").unwrap(),
        ] {
            assert_eq!(created_at(other), None, "{other}");
        }
    }
}
