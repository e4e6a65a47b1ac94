//! The one line of a third party, and how it gets a test for each rule.

/// Makes a test of each rule, named by its id (`use_verification_token::one_winner`), that certifies the backend of a
/// [`Harness`](crate::Harness).
///
/// The expression is evaluated in each test: let what is dear to make, such as a server, live in a
/// [`LazyLock`](std::sync::LazyLock). To certify several backends in one crate, put each line in a module of its own.
///
/// ```
/// # use authstore_conformance::ReferenceHarness;
/// authstore_conformance::certify!(ReferenceHarness::default());
/// ```
#[macro_export]
macro_rules! certify {
    ($harness:expr) => {
        fn __authstore_conformance_harness() -> ::std::sync::Arc<dyn $crate::Harness> {
            ::std::sync::Arc::new($harness)
        }
        $crate::__with_rules! { $crate::__tests }
    };
}

/// What [`certify!`] does with the table of rules.
#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ($($group:ident { $($name:ident $class:ident $since:literal $sentence:literal)* })*) => {
        $(mod $group {
            $(#[test]
            fn $name() {
                $crate::test_rule(
                    super::__authstore_conformance_harness(),
                    concat!(stringify!($group), ".", stringify!($name)),
                );
            })*
        })*
    };
}
