//! The state that a command answers with is the state that the log gives, for every aggregate.

use devauth_aggregates::{
    ApiKeyId, Application, ApplicationCommand, ApplicationId, ApplicationName, EndReason, Environment,
    KeyType, Label, RecordedEvent, Session, SessionCommand, SessionId, TokenId, User, UserCommand, UserId,
};
use devauth_projections::inline::Inline;
use serde_json::Map;

use crate::scene::{Scene, application, at, context, id, nothing, register};

/// Executes each command and compares; commands that decide nothing are among them.
async fn answers_what_is_stored<A>(scene: &Scene, id: A::Id, commands: Vec<A::Command>)
where
    A: Inline<Services = ()> + PartialEq + std::fmt::Debug,
    A::Command: Clone + Send,
    A::Event: RecordedEvent,
    A::Error: Send + std::fmt::Debug,
{
    for (index, command) in commands.into_iter().enumerate() {
        let outcome = scene.commands.execute::<A>(id, command, &context(), nothing::<A>).await.unwrap();
        let stored = scene.commands.log().load::<A>(&id.to_string()).await.unwrap();
        assert_eq!(outcome.state, stored.state, "{} {index}", A::TYPE);
    }
}

#[tokio::test]
async fn of_a_user() {
    let scene = Scene::new().await;
    let (verify, reset) = (TokenId::from_uuid(id()), TokenId::from_uuid(id()));
    let kept = Some(SessionId::from_uuid(id()));
    let commands = vec![
        register(),
        UserCommand::RequestEmailVerification { token_id: verify, expires_at: at(60), now: at(1) },
        UserCommand::VerifyEmail { token_id: verify, now: at(2) },
        UserCommand::RequestEmailVerification { token_id: verify, expires_at: at(60), now: at(3) },
        UserCommand::RequestPasswordReset { token_id: reset, expires_at: at(60), now: at(4) },
        UserCommand::ResetPassword { token_id: reset, now: at(5) },
        UserCommand::ChangePassword { generation: 1, kept_session: kept, now: at(6) },
        UserCommand::LockLogin { reached: at(7), until: at(90), now: at(7) },
        UserCommand::LockLogin { reached: at(8), until: at(91), now: at(8) },
        UserCommand::ChangeMetadata { metadata: Map::new(), now: at(8) },
        UserCommand::SuspendUser { now: at(9) },
        UserCommand::SuspendUser { now: at(10) },
        UserCommand::RestoreUser { now: at(11) },
        UserCommand::RevokeSessions { now: at(12) },
    ];
    answers_what_is_stored::<User>(&scene, UserId::from_uuid(id()), commands).await;
}

#[tokio::test]
async fn of_a_session() {
    let scene = Scene::new().await;
    let user = scene.user().await;
    let grace = chrono::Duration::seconds(10);
    let start = SessionCommand::StartSession {
        app_id: application(),
        user_id: user,
        generation: 0,
        client_address: Some("203.0.113.77".to_owned()),
        user_agent: Some("curl".to_owned()),
        expires_at: at(3_600),
        now: at(0),
    };
    let refresh = |counter, seconds| SessionCommand::RefreshSession { counter, grace, now: at(seconds) };
    let end = SessionCommand::EndSession { reason: EndReason::Logout, now: at(9) };
    let ended_by_reuse = vec![start.clone(), refresh(0, 1), refresh(0, 2), refresh(1, 30), refresh(0, 40)];
    let ended_by_logout = vec![start, refresh(0, 1), end.clone(), end];

    answers_what_is_stored::<Session>(&scene, SessionId::from_uuid(id()), ended_by_reuse).await;
    answers_what_is_stored::<Session>(&scene, SessionId::from_uuid(id()), ended_by_logout).await;
}

#[tokio::test]
async fn of_an_application() {
    let scene = Scene::new().await;
    let owner = scene.user().await;
    let key_id = ApiKeyId::from_uuid(id());
    let name = |text| ApplicationName::parse(text).unwrap();
    let commands = vec![
        ApplicationCommand::CreateApplication {
            owner,
            name: name("Acme"),
            environment: Environment::Development,
            now: at(0),
        },
        ApplicationCommand::IssueApiKey {
            key_id,
            label: Label::parse("server").unwrap(),
            key_type: KeyType::Secret,
            prefix: "dak_1234".to_owned(),
            rate_limit_per_minute: Some(600),
            now: at(1),
        },
        ApplicationCommand::UpdateApplication { name: Some(name("Acme 2")), settings: None, now: at(2) },
        ApplicationCommand::UpdateApplication { name: Some(name("Acme 2")), settings: None, now: at(3) },
        ApplicationCommand::RotateAppSecret { now: at(4) },
        ApplicationCommand::RevokeApiKey { key_id, now: at(5) },
        ApplicationCommand::RevokeApiKey { key_id, now: at(6) },
        ApplicationCommand::DeleteApplication { now: at(7) },
    ];
    answers_what_is_stored::<Application>(&scene, ApplicationId::from_uuid(id()), commands).await;
}
