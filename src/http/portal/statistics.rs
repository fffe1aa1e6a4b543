//! `GET /v1/portal/applications/{app_id}/statistics`

use axum::extract::State;
use chrono::NaiveDate;
use devauth_projections::read_models::ReadModel;
use devauth_projections::statistics::DayStatistics;
use devauth_projections::{sessions, statistics};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::freshness::{self, Behind};
use crate::app::App;
use crate::http::body::Json;
use crate::http::docs::errors::{ObjectErrors, PortalErrors, QueryErrors};
use crate::http::error::ApiError;
use crate::http::extract::OwnedApplication;
use crate::http::query::{Query, QueryFields, QueryParameters};

/// How far back to look.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    /// How many days, today included, 1 to 365.
    #[param(minimum = 1, maximum = 365, default = 30, required = false)]
    pub days: i32,
}

impl QueryParameters for StatisticsQuery {
    fn read(fields: &mut QueryFields) -> Option<Self> {
        i32::try_from(fields.integer_or("days", 30, 1..=365)).ok().map(|days| StatisticsQuery { days })
    }
}

/// How an application does.
#[derive(Serialize, ToSchema)]
#[schema(as = Statistics)]
pub struct StatisticsBody {
    /// Users, suspended ones included.
    #[schema(minimum = 0, example = 1200)]
    pub users: i64,
    /// Users whose address is verified.
    #[schema(minimum = 0, example = 1100)]
    pub verified: i64,
    /// Users who are kept out.
    #[schema(minimum = 0, example = 3)]
    pub suspended: i64,
    /// Sessions that live now.
    #[schema(minimum = 0, example = 800)]
    pub active_sessions: i64,
    /// Each day that was asked for, oldest first; the last is today.
    #[schema(inline = false)]
    pub days: Vec<Day>,
}

/// What happened on a day. People who were erased since are still counted in it.
#[derive(Serialize, ToSchema)]
pub struct Day {
    /// The day, in UTC.
    #[schema(value_type = String, format = Date, example = "2026-01-31")]
    pub date: NaiveDate,
    /// Users who signed up.
    #[schema(minimum = 0, example = 12)]
    pub signups: i64,
    /// Sessions that began.
    #[schema(minimum = 0, example = 340)]
    pub logins: i64,
}

impl From<DayStatistics> for Day {
    fn from(DayStatistics { day, signups, logins }: DayStatistics) -> Self {
        Day { date: day, signups, logins }
    }
}

/// Show how an application does
#[utoipa::path(get, path = "/v1/portal/applications/{app_id}/statistics", operation_id = "getStatistics", tag = "Applications",
    params(("app_id" = String, Path, description = "`app_…`"), StatisticsQuery),
    responses((status = 200, description = "The numbers", body = StatisticsBody,
               headers(("x-devauth-behind" = String, description = "`true` if what happened last is not in it yet; else absent"))),
              PortalErrors, QueryErrors, ObjectErrors),
    security(("portal_token" = []), ("portal_cookie" = [])))]
pub async fn show(
    State(app): State<App>,
    owned: OwnedApplication,
    Query(StatisticsQuery { days }): Query<StatisticsQuery>,
) -> Result<(Behind, Json<StatisticsBody>), ApiError> {
    let application = owned.application.id;
    let now = app.clock.now();
    let (behind, (active_sessions, found)) =
        freshness::read(&app, application, &[ReadModel::Statistics], |mut connection| async move {
            let active_sessions = sessions::count_living(&mut connection, application, now).await?;
            Ok((
                active_sessions,
                statistics::get(&mut connection, application, now.date_naive(), days).await?,
            ))
        })
        .await?;
    let body = StatisticsBody {
        users: found.users,
        verified: found.verified,
        suspended: found.suspended,
        active_sessions,
        days: found.days.into_iter().map(Day::from).collect(),
    };
    Ok((behind, Json(body)))
}
