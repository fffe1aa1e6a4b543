//! Many commands at once.

use devauth::commands::CommandError;
use devauth_aggregates::{Session, SessionCommand, User, UserCommand, UserError};
use devauth_projections::Error;

use crate::scene::{Scene, at, context, id, nothing, register, writes_of};

#[tokio::test]
async fn twenty_commands_on_one_stream_happen_one_after_the_other() {
    let scene = Scene::new().await;
    let user = scene.user().await;
    let commands = (0..20).map(|_| {
        let commands = scene.commands.clone();
        tokio::spawn(async move {
            let command = UserCommand::RevokeSessions { now: at(1) };
            commands.execute(user, command, &context(), nothing::<User>).await
        })
    });
    let mut done = 0;
    for command in commands.collect::<Vec<_>>() {
        match command.await.unwrap() {
            Ok(outcome) => done += i64::from(outcome.changed),
            // After the last try.
            Err(CommandError::Store(Error::Conflict)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    assert!(done >= 10, "{done}");
    assert_eq!(scene.sequences().await, (1..=1 + done).collect::<Vec<_>>());
    let state = scene.commands.log().load::<User>(&user.to_string()).await.unwrap().state;
    assert_eq!(i64::from(state.session_generation), done);
}

#[tokio::test]
async fn twenty_registrations_of_one_user_register_them_once() {
    let scene = Scene::new().await;
    let user = devauth_aggregates::UserId::from_uuid(id());
    let commands = (0..20).map(|_| {
        let commands = scene.commands.clone();
        tokio::spawn(async move { commands.execute(user, register(), &context(), writes_of(user)).await })
    });
    let mut done = 0;
    for command in commands.collect::<Vec<_>>() {
        match command.await.unwrap() {
            Ok(_) => done += 1,
            Err(CommandError::Refused(UserError::AlreadyRegistered)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    assert_eq!(done, 1);
    assert_eq!(scene.sequences().await, [1]);
}

#[tokio::test]
async fn ten_refreshes_with_one_token_take_one_step() {
    let scene = Scene::new().await;
    let user = scene.user().await;
    let session = scene.session(user).await;
    let commands = (0..10).map(|_| {
        let commands = scene.commands.clone();
        let grace = chrono::Duration::seconds(10);
        let command = SessionCommand::RefreshSession { counter: 0, grace, now: at(1) };
        tokio::spawn(async move { commands.execute(session, command, &context(), nothing::<Session>).await })
    });
    let mut changed = 0;
    for command in commands.collect::<Vec<_>>() {
        let outcome = command.await.unwrap().unwrap();
        assert_eq!((outcome.state.counter, outcome.state.ended), (1, None));
        changed += u32::from(outcome.changed);
    }

    assert_eq!(changed, 1);
}
