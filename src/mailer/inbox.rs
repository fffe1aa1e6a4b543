//! The inbox of `devauth dev`: caught mails as files in a folder, for a developer's eyes.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{fmt, fs, io};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::outgoing::OutgoingMail;
use super::transport::SendError;

#[cfg(test)]
#[path = "inbox/tests.rs"]
mod tests;

/// How many mails are kept; older ones make room.
const KEPT: usize = 200;

/// Mails that were caught instead of sent. Clones share one folder.
#[derive(Clone)]
pub struct DevInbox {
    folder: Arc<Path>,
    mails: Arc<Mutex<HashMap<Uuid, Arc<CaughtMail>>>>,
}

/// A caught mail as it is stored and as `GET /dev/mail?format=json` shows it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct CaughtMail {
    /// The job that asked for it; another copy of the same mail replaces it.
    pub id: Uuid,
    /// The recipient.
    pub to: String,
    /// The sender with its display name.
    pub from: String,
    /// The subject.
    pub subject: String,
    /// When it would have been sent.
    pub date: DateTime<Utc>,
    /// The plain text part.
    pub text: String,
    /// The HTML part.
    pub html: String,
    /// The link in it, if it has one.
    pub link: Option<String>,
}

impl DevInbox {
    /// The inbox in a folder, made if it isn't there, with what earlier runs have caught.
    ///
    /// Files that are no mails are passed over.
    ///
    /// # Errors
    ///
    /// If the folder can't be made or read.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        make_private(&folder)?;
        let mut mails = HashMap::new();
        for file in fs::read_dir(&folder)? {
            if let Some(mail) = read(&file?.path()) {
                mails.insert(mail.id, Arc::new(mail));
            }
        }
        Ok(Self { folder: folder.into(), mails: Arc::new(Mutex::new(mails)) })
    }

    /// The mails, newest first.
    pub fn list(&self) -> Vec<Arc<CaughtMail>> {
        let mut mails: Vec<_> = self.mails().values().cloned().collect();
        mails.sort_by_key(|mail| Reverse((mail.date, mail.id)));
        mails
    }

    /// One mail.
    pub fn get(&self, id: Uuid) -> Option<Arc<CaughtMail>> {
        self.mails().get(&id).cloned()
    }

    /// Forgets every mail.
    ///
    /// # Errors
    ///
    /// If a file can't be removed.
    pub async fn clear(&self) -> io::Result<()> {
        for mail in self.list() {
            self.forget(mail.id).await?;
        }
        Ok(())
    }

    /// Stores a mail, on disk first.
    ///
    /// # Errors
    ///
    /// [`SendError::INBOX`] if the folder can't be written.
    pub async fn keep(&self, mail: &OutgoingMail) -> Result<(), SendError> {
        self.store(CaughtMail::from(mail)).await.map_err(|_| SendError::INBOX)
    }

    async fn store(&self, mail: CaughtMail) -> io::Result<()> {
        let content = serde_json::to_vec_pretty(&mail)?;
        let (part, file) = (self.file(mail.id, "part"), self.file(mail.id, "json"));
        tokio::fs::write(&part, content).await?;
        tokio::fs::rename(&part, &file).await?;
        self.mails().insert(mail.id, Arc::new(mail));
        for old in self.list().into_iter().skip(KEPT) {
            self.forget(old.id).await?;
        }
        Ok(())
    }

    async fn forget(&self, id: Uuid) -> io::Result<()> {
        self.mails().remove(&id);
        match tokio::fs::remove_file(self.file(id, "json")).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            done => done,
        }
    }

    fn file(&self, id: Uuid, ending: &str) -> PathBuf {
        self.folder.join(format!("{id}.{ending}"))
    }

    fn mails(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<CaughtMail>>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<&OutgoingMail> for CaughtMail {
    fn from(mail: &OutgoingMail) -> Self {
        let words = mail.words.clone();
        let (id, to, from, date, link) =
            (mail.id, mail.to.clone(), mail.from.to_string(), mail.date, mail.link.clone());
        Self { id, to, from, subject: words.subject, date, text: words.text, html: words.html, link }
    }
}

impl fmt::Debug for DevInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevInbox").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl fmt::Debug for CaughtMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaughtMail").field("id", &self.id).finish_non_exhaustive()
    }
}

fn read(file: &Path) -> Option<CaughtMail> {
    if file.extension()? != "json" {
        return None;
    }
    let mail: CaughtMail = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    // A copy under another name would come back after it is forgotten.
    (file.file_stem()? == mail.id.to_string().as_str()).then_some(mail)
}

/// The mails hold links that open accounts: nobody else on the machine may read them.
#[cfg(unix)]
fn make_private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}
