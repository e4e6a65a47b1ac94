use authstore::{AuthStore, SessionDetails};

use crate::context::Context;
use crate::failure::{Verdict, returns};
use crate::fixture::{bare_user, id, session};

pub(crate) fn absent(context: &Context) -> Verdict {
    let store = context.store();
    returns(
        "get_session_details(..) on an empty storage",
        store.get_session_details(id(2_001)),
        SessionDetails::default(),
    )?;
    store.create_user(bare_user(1))?;
    store.create_session(session(1, 1))?;
    for number in [2_001, 2_002, 1] {
        returns(
            format!("get_session_details(id({number})) without stored details"),
            store.get_session_details(id(number)),
            SessionDetails::default(),
        )?;
    }
    Ok(())
}

/// Checks that no details are left of the sessions with these numbers, which were deleted.
pub(super) fn have_no_details(
    store: &AuthStore,
    numbers: impl IntoIterator<Item = u128>,
) -> Verdict {
    for number in numbers {
        returns(
            "get_session_details(..) of a deleted session",
            store.get_session_details(id(2_000 + number)),
            SessionDetails::default(),
        )?;
    }
    Ok(())
}
