//! Every read model by its name, whichever way it is kept, and how each of them stands.

use crate::inline::InlineModel;
use crate::read_models::ReadModel;
use crate::rebuild::{self, Shadowing};
use crate::subscription::{self, ParkedStream, ProjectionStatus};
use crate::{Error, Pool};

/// A read model: something that the log alone decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Model {
    /// It follows the log.
    Async(ReadModel),
    /// It is written with the events.
    Inline(InlineModel),
}

impl Model {
    /// All of them, those that follow the log first.
    pub fn all() -> impl Iterator<Item = Model> {
        let following = ReadModel::ALL.iter().copied().map(Model::Async);
        following.chain(InlineModel::ALL.iter().copied().map(Model::Inline))
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Model> {
        Self::all().find(|model| model.name() == name)
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Model::Async(model) => model.name(),
            Model::Inline(model) => model.name(),
        }
    }

    /// The tables it consists of.
    #[must_use]
    pub fn tables(self) -> &'static [&'static str] {
        match self {
            Model::Async(model) => model.tables(),
            Model::Inline(model) => model.tables(),
        }
    }
}

/// How a read model stands.
#[derive(Debug)]
pub struct Standing {
    /// Which.
    pub model: Model,
    /// How far it follows the log; nothing for one that is written with the events.
    pub following: Option<ProjectionStatus>,
    /// The streams that it leaves out.
    pub parked: Vec<ParkedStream>,
    /// Whether it is being rebuilt or checked, or was until that was cut off.
    pub shadowing: Option<Shadowing>,
}

/// How every read model stands.
///
/// # Errors
/// Postgres is away.
pub async fn standings(pool: &Pool) -> Result<Vec<Standing>, Error> {
    let mut statuses = subscription::status(pool).await?;
    let mut standings = Vec::new();
    for model in Model::all() {
        let place = statuses.iter().position(|status| status.name == model.name());
        let following = place.map(|place| statuses.swap_remove(place));
        let parked = match model {
            Model::Async(model) => subscription::parked(pool, model).await?,
            Model::Inline(_) => Vec::new(),
        };
        let shadowing = rebuild::shadowing(pool, model).await?;
        standings.push(Standing { model, following, parked, shadowing });
    }
    Ok(standings)
}
