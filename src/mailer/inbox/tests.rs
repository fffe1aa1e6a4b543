use chrono::TimeDelta;

use super::*;
use crate::mailer::message::MailKind;
use crate::mailer::outgoing::tests::outgoing;

fn mail(number: u128) -> OutgoingMail {
    let mut mail = outgoing(MailKind::VerifyEmail, "Acme");
    mail.id = Uuid::from_u128(number);
    mail.date += TimeDelta::seconds(i64::try_from(number).unwrap());
    mail
}

fn ids(inbox: &DevInbox) -> Vec<u128> {
    inbox.list().iter().map(|mail| mail.id.as_u128()).collect()
}

#[tokio::test]
async fn newest_come_first_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = DevInbox::open(folder.path().join("mail")).unwrap();
    for number in [2, 1, 3] {
        inbox.keep(&mail(number)).await.unwrap();
    }
    assert_eq!(ids(&inbox), [3, 2, 1]);

    let again = DevInbox::open(folder.path().join("mail")).unwrap();
    assert_eq!(again.list(), inbox.list());
    let kept = again.get(Uuid::from_u128(2)).unwrap();
    assert_eq!(*kept, CaughtMail::from(&mail(2)));
    assert_eq!(kept.from, "Acme <no-reply@acme.example>");
}

#[tokio::test]
async fn a_second_copy_of_a_mail_replaces_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = DevInbox::open(folder.path()).unwrap();
    inbox.keep(&mail(1)).await.unwrap();
    inbox.keep(&mail(1)).await.unwrap();
    assert_eq!(ids(&inbox), [1]);
}

#[tokio::test]
async fn the_oldest_make_room() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = DevInbox::open(folder.path()).unwrap();
    for number in 0..=KEPT as u128 {
        inbox.keep(&mail(number)).await.unwrap();
    }
    assert_eq!(inbox.list().len(), KEPT);
    assert_eq!(inbox.get(Uuid::from_u128(0)), None);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), KEPT);
}

#[tokio::test]
async fn cleared_mails_stay_away() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = DevInbox::open(folder.path()).unwrap();
    inbox.keep(&mail(1)).await.unwrap();
    inbox.clear().await.unwrap();
    assert_eq!(ids(&inbox), []);
    assert_eq!(ids(&DevInbox::open(folder.path()).unwrap()), []);
}

#[tokio::test]
async fn other_files_are_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("notes.json"), "{}").unwrap();
    fs::write(folder.path().join("half.part"), "{").unwrap();
    assert_eq!(ids(&DevInbox::open(folder.path()).unwrap()), []);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = DevInbox::open(folder.path().join("mail")).unwrap();
    fs::remove_dir_all(folder.path().join("mail")).unwrap();
    assert_eq!(inbox.keep(&mail(1)).await, Err(SendError::INBOX));
}

#[cfg(unix)]
#[test]
fn nobody_else_may_read_the_folder() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    DevInbox::open(folder.path().join("mail")).unwrap();
    let mode = fs::metadata(folder.path().join("mail")).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}
