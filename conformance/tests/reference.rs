//! The reference keeps every rule.

authstore_conformance::certify!(authstore_conformance::ReferenceHarness);
