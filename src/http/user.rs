//! A user, as every answer shows them.

use chrono::{DateTime, Utc};
use devauth_aggregates::{User, UserId, UserStatus};
use devauth_projections::users::UserRow;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A user of an application.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub struct UserBody {
    /// `usr_…`
    #[schema(example = "usr_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub id: String,
    /// `app_…`
    #[schema(example = "app_01ja3vks5re0b8n1q2s4t6v8wx")]
    pub app_id: String,
    /// The address as it was typed.
    #[schema(format = "email", example = "ada@example.org")]
    pub email: String,
    /// Whether the user proved that the address is theirs.
    pub email_verified: bool,
    /// Whether the user may log in.
    #[schema(example = "active", pattern = "^(active|suspended)$")]
    pub status: String,
    /// What the application keeps with the user.
    #[schema(value_type = Object)]
    pub metadata: Value,
    /// When they signed up.
    pub created_at: DateTime<Utc>,
    /// When something about them changed last.
    pub updated_at: DateTime<Utc>,
    /// Their last login.
    #[schema(required)]
    pub last_login_at: Option<DateTime<Utc>>,
}

/// The word for whether a user may log in.
pub fn status_name(status: UserStatus) -> &'static str {
    match status {
        UserStatus::Active => "active",
        UserStatus::Suspended => "suspended",
    }
}

impl UserBody {
    /// A user who signed up this moment.
    pub fn new(id: UserId, user: &User) -> Self {
        UserBody {
            id: id.to_string(),
            app_id: user.app_id.to_string(),
            email: user.email.as_ref().cloned().unwrap_or_default(),
            email_verified: user.email_verified,
            status: status_name(user.status).to_owned(),
            metadata: Value::Object(user.metadata.as_ref().cloned().unwrap_or_else(Map::new)),
            created_at: user.created_at,
            updated_at: user.updated_at,
            last_login_at: None,
        }
    }
}

impl From<UserRow> for UserBody {
    fn from(row: UserRow) -> Self {
        UserBody {
            id: row.id.to_string(),
            app_id: row.application_id.to_string(),
            email: row.email,
            email_verified: row.email_verified,
            status: row.status,
            metadata: row.metadata,
            created_at: row.created_at,
            updated_at: row.updated_at,
            last_login_at: row.last_login_at,
        }
    }
}

/// `{"user": User}`
#[derive(Serialize, ToSchema)]
#[schema(as = UserAnswer)]
pub struct UserAnswer {
    /// The user.
    pub user: UserBody,
}
