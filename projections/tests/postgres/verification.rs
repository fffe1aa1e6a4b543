//! The log is verified where it is: untouched it holds, and whatever its owner does to it is found and named. What can't be
//! found without an outside copy is written down here too.

mod tampering;
mod world;

use devauth_aggregates::portal;
use devauth_projections::feed::StoredEvent;
use devauth_projections::feed::verification::{self, Verified, Watcher};
use devauth_projections::proof::{Digest, Finding, Findings};
use devauth_projections::{pool, sequencer};

use crate::fixture::{Fixture, registered};
use world::{APPLICATIONS, World};

/// Counts how often it is told something.
#[derive(Default)]
struct Counting {
    events: u64,
    done: u64,
    total: u64,
}

impl Watcher for Counting {
    fn progress(&mut self, done: u64, total: u64) {
        assert!(done >= self.done && done <= total);
        (self.done, self.total) = (done, total);
    }

    fn event(&mut self, _: &StoredEvent, _: &Digest, _: &mut Findings) {
        self.events += 1;
    }
}

async fn verified(world: &World, application: Option<usize>) -> Verified {
    let mut connection = pool::reader(&world.fixture.database.url).await.unwrap();
    let application = application.map(|index| APPLICATIONS[index]());
    verification::verify(&mut connection, application, &mut Counting::default()).await.unwrap()
}

async fn found(world: &World) -> Vec<Finding> {
    verified(world, None).await.findings.kept().to_vec()
}

#[tokio::test]
async fn an_untouched_log_holds_and_so_does_that_of_each_application() {
    let world = World::new().await;
    let mut connection = pool::reader(&world.fixture.database.url).await.unwrap();
    let mut counting = Counting::default();

    let all = verification::verify(&mut connection, None, &mut counting).await.unwrap();

    assert_eq!(all.findings, Findings::default());
    assert_eq!((all.events, all.head, all.unnumbered), (world.events, world.events.cast_signed(), 0));
    assert_eq!(
        (counting.events, counting.done, counting.total),
        (all.events, 2 * all.events, 2 * all.events)
    );
    let mut together = 0;
    for application in 0..APPLICATIONS.len() {
        let one = verified(&world, Some(application)).await;
        assert_eq!(one.findings, Findings::default());
        assert!(one.events > 50 && one.streams > 20 && one.digest != all.digest);
        together += one.events;
    }
    assert_eq!(together, all.events);
    let mut counting = Counting::default();
    let nobodys = verification::verify(&mut connection, Some(portal()), &mut counting).await.unwrap();
    assert_eq!((nobodys.events, nobodys.findings), (0, Findings::default()));
}

#[tokio::test]
async fn an_empty_log_holds() {
    let fixture = Fixture::new().await;
    let mut connection = pool::reader(&fixture.database.url).await.unwrap();
    let verified = verification::verify(&mut connection, None, &mut Counting::default()).await.unwrap();
    assert_eq!((verified.findings, verified.head), (Findings::default(), 0));
}

#[tokio::test]
async fn what_has_no_position_yet_is_counted_and_is_no_finding() {
    let world = World::new().await;
    world.fixture.append::<devauth_aggregates::User>(world.fixture.user_id(), &[registered()]).await;
    let verified = verified(&world, None).await;
    assert_eq!((verified.findings, verified.unnumbered), (Findings::default(), 1));
}

/// Looks again and again while others write and number.
#[tokio::test]
async fn a_log_that_is_written_to_holds_at_every_moment() {
    let world = World::new().await;
    let writing = async {
        for _ in 0..60 {
            world.fixture.user().await;
            sequencer::tick(world.fixture.log.kept(), 7).await.unwrap();
        }
    };
    let verifying = async {
        let mut heads = Vec::new();
        for _ in 0..6 {
            let verified = verified(&world, None).await;
            assert_eq!(verified.findings, Findings::default());
            heads.push(verified.head);
        }
        heads
    };
    let ((), heads) = tokio::join!(writing, verifying);
    assert!(heads.is_sorted() && heads[0] < heads[5], "{heads:?}");
}

#[tokio::test]
async fn who_verifies_can_change_nothing() {
    let fixture = Fixture::new().await;
    let mut connection = pool::reader(&fixture.database.url).await.unwrap();
    assert_eq!(crate::fixture::refused(&mut connection, "DELETE FROM users").await, "25006");
    let mut reading = pool::reading(&fixture.database.url).unwrap().acquire().await.unwrap();
    assert_eq!(crate::fixture::refused(&mut reading, "DELETE FROM users").await, "25006");
}
