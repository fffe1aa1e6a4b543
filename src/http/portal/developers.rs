//! `/v1/portal/developers`: developers are users of the built-in application, so what they do is what users do.

pub mod email_verify;
pub mod login;
pub mod logout;
pub mod me;
pub mod password;
pub mod sessions;
pub mod signup;

use chrono::{DateTime, Utc};
use devauth_aggregates::{User, UserId, developer_id};
use devauth_projections::applications::{ApplicationRow, built_in};
use devauth_projections::users::UserRow;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::user::UserBody;

/// The application that developers are users of.
fn portal() -> ApplicationRow {
    built_in()
}

/// A developer.
#[derive(Serialize, ToSchema)]
pub struct Developer {
    /// `dev_…`
    #[schema(example = "dev_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub id: String,
    /// The address as it was typed.
    #[schema(format = "email", example = "grace@example.org")]
    pub email: String,
    /// Whether the developer proved that the address is theirs.
    pub email_verified: bool,
    /// What they want to be called.
    #[schema(required)]
    pub name: Option<String>,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
    /// When something about them changed last.
    pub updated_at: DateTime<Utc>,
    /// Their last login.
    #[schema(required)]
    pub last_login_at: Option<DateTime<Utc>>,
}

/// `{"developer": Developer}`
#[derive(Serialize, ToSchema)]
pub struct DeveloperAnswer {
    /// The developer.
    pub developer: Developer,
}

impl DeveloperAnswer {
    fn new(id: UserId, user: &User) -> Self {
        DeveloperAnswer::of(id, UserBody::new(id, user))
    }

    fn of(id: UserId, user: UserBody) -> Self {
        let name = user.metadata.get("name").and_then(Value::as_str).map(str::to_owned);
        let UserBody { email, email_verified, created_at, updated_at, last_login_at, .. } = user;
        let id = developer_id(id).to_string();
        DeveloperAnswer {
            developer: Developer { id, email, email_verified, name, created_at, updated_at, last_login_at },
        }
    }
}

impl From<UserRow> for DeveloperAnswer {
    fn from(row: UserRow) -> Self {
        DeveloperAnswer::of(row.id, row.into())
    }
}
