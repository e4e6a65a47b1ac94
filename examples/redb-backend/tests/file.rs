//! Tests of the file, which the conformance suite does not cover.

use authstore::{AuthStore, Error, NewUser};
use authstore_redb::RedbBackend;

type TestResult = Result<(), Box<dyn std::error::Error>>;

#[test]
fn the_file_keeps_what_was_stored() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("auth.redb");
    let ada = AuthStore::new(RedbBackend::open(&path)?).create_user(NewUser::default())?;
    let reopened = AuthStore::new(RedbBackend::open(&path)?);
    assert_eq!(reopened.get_user(ada.id)?, Some(ada));
    Ok(())
}

#[test]
fn a_file_that_is_open_already_is_unavailable() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("auth.redb");
    let _open = RedbBackend::open(&path)?;
    let error = RedbBackend::open(&path).unwrap_err();
    assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    Ok(())
}

#[test]
fn a_file_of_something_else_is_left_alone() -> TestResult {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("letter.txt");
    std::fs::write(&path, "Dear Ada, ...")?;
    let error = RedbBackend::open(&path).unwrap_err();
    assert!(matches!(error, Error::Backend { .. }), "{error:?}");
    assert_eq!(std::fs::read(&path)?, b"Dear Ada, ...");
    Ok(())
}
