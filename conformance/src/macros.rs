//! The macro that creates a test for each rule.

/// Creates a test for each rule, named after its id (`use_verification_token::one_winner`), on the backend of a
/// [`Harness`](crate::Harness).
///
/// Each test evaluates the expression: keep expensive values, such as a server, in a [`LazyLock`](std::sync::LazyLock).
/// To certify several backends in one crate, put each call in its own module.
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

/// Expands [`certify!`] for the table of rules.
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
