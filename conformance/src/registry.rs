//! The table of all rules: the one source of the tests, the certificates and the published list.

use crate::rule::{Class, Rule};

/// Calls a macro with the table. Each group holds rules: name, class, edition, sentence.
#[doc(hidden)]
#[macro_export]
macro_rules! __with_rules {
    ($($callback:tt)*) => {
        $($callback)*! {
            create_user {
                stored ReadingAndWriting 1 "A user comes back from get_user as create_user returned it."
                unique_email Constraints 1 "A second user with an e-mail address is refused with Conflict(UserEmail), and nothing is written."
            }
            ping {
                answers ReadingAndWriting 1 "ping succeeds on a storage that can be reached."
            }
        }
    };
}

macro_rules! rules {
    ($($group:ident { $($name:ident $class:ident $since:literal $sentence:literal)* })*) => {
        &[$($(Rule {
            id: concat!(stringify!($group), ".", stringify!($name)),
            sentence: $sentence,
            class: Class::$class,
            since: $since,
            check: crate::rules::$group::$name,
        }),*),*]
    };
}

/// All rules, by group.
pub const RULES: &[Rule] = __with_rules!(rules);
