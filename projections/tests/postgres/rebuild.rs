//! A read model is built anew beside the one that serves and takes its place, whatever happens meanwhile.

mod cut_off;
mod in_place;
mod writers;

use devauth_projections::catalog::Model;
use devauth_projections::rebuild::{Progress, Rebuilt, Refusal, rebuild};

use crate::fixture::{Fixture, rows};

/// Rebuilds a model.
pub async fn anew(fixture: &Fixture, model: Model) -> Rebuilt {
    watched(fixture, model, &mut |_progress| {}).await.unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// Rebuilds a model under somebody's eyes.
pub async fn watched(
    fixture: &Fixture,
    model: Model,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Rebuilt, Refusal> {
    rebuild(&fixture.log, &fixture.database.url, model, report).await
}

/// Everything in the tables of a model.
pub async fn content(fixture: &Fixture, model: Model) -> Vec<Vec<String>> {
    let mut owner = fixture.owner().await;
    let mut content = Vec::new();
    for table in model.tables() {
        content.push(rows(&mut owner, table).await);
    }
    content
}
