//! What is recorded for the deployment, and whether storing works.

use hubbub::ports::StartError;

use super::{Fixture, PARTITIONS};

pub async fn partitions_are_recorded(fixture: &mut impl Fixture) {
    fixture.store().prepare(PARTITIONS).await.unwrap();
    fixture.reopen().await;
    let error = fixture.store().prepare(PARTITIONS + 1).await.unwrap_err();
    let StartError::Never(error) = error else { panic!("no waiting mends it: {error}") };
    assert!(error.contains("16") && error.contains("17"), "{error}");
    fixture.store().prepare(PARTITIONS).await.unwrap();
}

pub async fn a_ping_writes(fixture: &mut impl Fixture) {
    fixture.store().ping().await.unwrap();
    fixture.store().ping().await.unwrap();
}
