//! Killed at any moment, a rebuild has changed nothing; the next one works.

use devauth_projections::catalog::{self, Model};
use devauth_projections::pool;
use devauth_projections::rebuild::{Progress, Refusal, Shadowing, Stage, drop_left_overs};

use super::{anew, content, watched};
use crate::fixture::{Fixture, eventually, meanwhile};
use crate::verify::{all_hold, check, eventful};
use crate::world::{Writer, project_all};

async fn shadowing(fixture: &Fixture, model: Model) -> Option<Shadowing> {
    let standings = catalog::standings(&fixture.pool).await.unwrap();
    standings.iter().find(|standing| standing.model == model).unwrap().shadowing
}

/// Begins a rebuild whose connections are gone, with whatever they were doing, when it reaches `stage`.
async fn kill_at(fixture: &std::sync::Arc<Fixture>, model: Model, stage: Stage) {
    let killed = tokio::spawn({
        let fixture = fixture.clone();
        async move {
            let mut report = |progress: Progress| {
                if progress.stage == stage {
                    std::panic::panic_any("killed");
                }
            };
            watched(&fixture, model, &mut report).await.map(|_rebuilt| ())
        }
    });
    assert!(killed.await.unwrap_err().is_panic());
}

#[tokio::test]
async fn wherever_it_is_killed_the_old_one_serves_and_the_next_rebuild_works() {
    let fixture = eventful().await;
    for model in Model::all() {
        for stage in [
            Stage::Preparing,
            Stage::Building,
            Stage::CatchingUp,
            Stage::Exchanging,
            Stage::Locked,
            Stage::Exchanged,
        ] {
            let before = content(&fixture, model).await;

            // Which is the next rebuild for the one before.
            kill_at(&fixture, model, stage).await;

            let expected = (stage != Stage::Preparing).then_some(Shadowing::Interrupted);
            eventually("Postgres has noticed", async || shadowing(&fixture, model).await == expected).await;
            assert_eq!(content(&fixture, model).await, before, "{} {stage:?}", model.name());
            Writer::new(&fixture, 4, false).steps(5).await;
            project_all(&fixture).await;
        }
        assert!(check(&fixture, model).await.holds(), "{}", model.name());
        anew(&fixture, model).await;
        assert_eq!(shadowing(&fixture, model).await, None);
    }
    all_hold(&fixture).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_at_once_the_second_is_refused_and_a_running_one_is_no_left_over() {
    let fixture = eventful().await;
    for model in Model::all() {
        let mut seen = 0;
        let mut report = |progress: Progress| {
            if [Stage::Building, Stage::Exchanging].contains(&progress.stage) {
                seen += 1;
                meanwhile(async {
                    assert_eq!(shadowing(&fixture, model).await, Some(Shadowing::Rebuilding));
                    let second = watched(&fixture, model, &mut |_| {}).await;
                    assert!(matches!(second, Err(Refusal::Busy(name)) if name == model.name()));
                    let mut owner = pool::owner(&fixture.database.url).await.unwrap();
                    assert!(drop_left_overs(&mut owner).await.unwrap().is_empty());
                });
            }
        };
        watched(&fixture, model, &mut report).await.unwrap();
        assert!(seen >= 2);
    }
}

#[tokio::test]
async fn left_over_copies_can_be_dropped() {
    let fixture = eventful().await;
    let model = Model::named("applications").unwrap();
    kill_at(&fixture, model, Stage::Exchanging).await;
    eventually("Postgres has noticed", async || {
        shadowing(&fixture, model).await == Some(Shadowing::Interrupted)
    })
    .await;

    let mut owner = pool::owner(&fixture.database.url).await.unwrap();
    assert_eq!(drop_left_overs(&mut owner).await.unwrap(), ["applications"]);

    assert_eq!(shadowing(&fixture, model).await, None);
    assert!(drop_left_overs(&mut owner).await.unwrap().is_empty());
    assert!(check(&fixture, model).await.holds());
}
