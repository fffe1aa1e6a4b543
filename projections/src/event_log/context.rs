//! Who did it, from where, on which request: the metadata of every event of a command.

use devauth_aggregates::{ApplicationId, Personal, UserId, developer_id};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A user of an application, proven by password or token.
    User(UserId),
    /// A developer, proven by a portal token.
    Developer(UserId),
    /// Somebody who proved nothing yet (asked for a mail, gave a wrong password).
    Anonymous,
    /// The service itself.
    Service,
}

/// What is recorded with every event of one command.
#[derive(Debug, Clone)]
pub struct Context {
    /// Names the command; the ids of its events derive from it, so that it can't be recorded twice.
    pub command_id: Uuid,
    /// The application whose log this belongs to.
    pub application_id: ApplicationId,
    /// Who acted.
    pub actor: Actor,
    /// Whose client the address and user agent describe; their key seals them. Without a person they are not recorded.
    pub person: Option<UserId>,
    /// The request that caused it.
    pub request_id: Option<String>,
    /// Address of the client.
    pub client_address: Option<String>,
    /// The client's own name for itself.
    pub user_agent: Option<String>,
}

impl Context {
    /// The metadata, personal data still marked and clear.
    pub(super) fn metadata(&self) -> Value {
        let (actor_type, actor_id) = match self.actor {
            Actor::User(id) => ("user", Some(id.to_string())),
            Actor::Developer(id) => ("developer", Some(developer_id(id).to_string())),
            Actor::Anonymous => ("anonymous", None),
            Actor::Service => ("service", None),
        };
        let mut metadata = json!({
            "command_id": self.command_id,
            "actor": {"type": actor_type, "id": actor_id},
            "request_id": self.request_id,
        });
        if self.person.is_some() {
            metadata["client_address"] = json!(self.client_address.clone().map(Personal::Clear));
            metadata["user_agent"] = json!(self.user_agent.clone().map(Personal::Clear));
        }
        metadata
    }
}
