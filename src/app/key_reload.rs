//! Keys that are replaced in their files come into service without a restart.
//!
//! Files are compared by content, so links that are turned to another directory (as Kubernetes does) count as well. New content
//! has to be the same at two looks: somebody may be writing it. What can't be used leaves the keys that were read before in
//! service, and is said in the log and in a metric.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::slice;

use devauth_projections::key_uses::Purpose;
use devauth_projections::resealing;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{App, keyring};
use crate::config::EncryptionKey;
use crate::crypto::jwt::SigningKeys;

/// 1 while a file with keys can't be used and the keys read before are in service.
pub const KEY_FILE_UNUSABLE: &str = "devauth_key_file_unusable";

/// Looks between two tries with content that was refused: the reason may lie in the database.
const TRIES_APART: u32 = 30;

/// Looks at the files with keys again and again.
pub struct KeyReload {
    encryption: Watched,
    signing: Watched,
}

/// Why content can't be used, without any of it.
type Reason = String;
/// Content of files, recognisable without being kept.
type Seen = Result<[u8; 32], ErrorKind>;
type Contents = Vec<Zeroizing<Vec<u8>>>;

struct Watched {
    purpose: Purpose,
    files: Vec<PathBuf>,
    /// At the last look.
    seen: Option<Seen>,
    /// What the keys in service were read from.
    in_service: Option<Seen>,
    /// Content that was refused, and for how many looks it is left alone.
    refused: Option<(Seen, u32)>,
}

impl KeyReload {
    /// Watches the files that the configuration names.
    #[must_use]
    pub fn of(app: &App) -> Self {
        let files = &app.config.key_files;
        KeyReload {
            encryption: Watched::new(Purpose::Encryption, files.encryption.iter().cloned().collect()),
            signing: Watched::new(Purpose::Signing, files.signing.clone()),
        }
    }

    /// Looks once; answers whether other keys came into service.
    pub async fn look(&mut self, app: &App) -> bool {
        let mut replaced = false;
        if let Some(contents) = self.encryption.settled().await {
            replaced |= self.encryption.note(replace_encryption(app, contents).await);
        }
        if let Some(contents) = self.signing.settled().await {
            replaced |= self.signing.note(contents.and_then(|contents| replace_signing(app, &contents)));
        }
        replaced
    }
}

impl Watched {
    fn new(purpose: Purpose, files: Vec<PathBuf>) -> Self {
        Watched { purpose, files, seen: None, in_service: None, refused: None }
    }

    /// What is in the files, if it is not in service, was the same at the last look, and was not refused just now.
    async fn settled(&mut self) -> Option<Result<Contents, Reason>> {
        if self.files.is_empty() {
            return None;
        }
        let contents = read(&self.files).await;
        let seen = contents.as_ref().map(digest).map_err(|kind| *kind);
        let before = self.seen.replace(seen);
        if self.in_service == Some(seen) {
            self.is_well();
            return None;
        }
        if before != Some(seen) {
            return None;
        }
        if let Some((refused, wait)) = &mut self.refused
            && *refused == seen
            && *wait > 0
        {
            *wait -= 1;
            return None;
        }
        Some(contents.map_err(|kind| format!("it cannot be read: {kind}")))
    }

    /// Remembers how it went; answers whether other keys came into service.
    fn note(&mut self, outcome: Result<Option<Vec<String>>, Reason>) -> bool {
        let seen = self.seen.expect("who has an outcome has looked");
        match outcome {
            Ok(replaced) => {
                self.in_service = Some(seen);
                self.is_well();
                if let Some(keys) = &replaced {
                    tracing::info!(purpose = %self.purpose, ?keys, "other keys are in service: the first is active");
                }
                replaced.is_some()
            }
            Err(reason) => {
                if self.refused.is_none_or(|(refused, _)| refused != seen) {
                    tracing::warn!(purpose = %self.purpose, reason, "a file with keys can't be used: the keys read before stay in service");
                }
                self.refused = Some((seen, TRIES_APART));
                self.report(1.0);
                false
            }
        }
    }

    fn is_well(&mut self) {
        if self.refused.take().is_some() {
            tracing::info!(purpose = %self.purpose, "the file with keys can be used again");
        }
        self.report(0.0);
    }

    fn report(&self, unusable: f64) {
        metrics::gauge!(KEY_FILE_UNUSABLE, "purpose" => self.purpose.to_string()).set(unusable);
    }
}

async fn read(files: &[PathBuf]) -> Result<Contents, ErrorKind> {
    let mut contents = Vec::with_capacity(files.len());
    for file in files {
        let content = tokio::fs::read(file).await.map_err(|cause| cause.kind())?;
        contents.push(Zeroizing::new(content));
    }
    Ok(contents)
}

fn digest(contents: &Contents) -> [u8; 32] {
    let each = contents.iter().map(Sha256::digest);
    each.fold(Sha256::new(), |all, one| all.chain_update(one)).finalize().into()
}

/// Answers the ids of the new keys if they are others than those in service.
fn replace_signing(app: &App, contents: &Contents) -> Result<Option<Vec<String>>, Reason> {
    let pems: Vec<&[u8]> = contents.iter().map(|content| content.as_slice()).collect();
    let keys = SigningKeys::load(&pems).map_err(|error| error.to_string())?;
    let ids: Vec<String> = keys.key_ids().map(str::to_owned).collect();
    if app.keys.signing().key_ids().eq(ids.iter()) {
        return Ok(None);
    }
    app.keys.replace_signing(keys);
    Ok(Some(ids))
}

/// The same for encryption keys. One that something is still sealed with is not given up, whatever the file says.
async fn replace_encryption(
    app: &App,
    contents: Result<Contents, Reason>,
) -> Result<Option<Vec<String>>, Reason> {
    let contents = contents?;
    let [content] = contents.as_slice() else { return Err("one file is expected".to_owned()) };
    let text = str::from_utf8(content).map_err(|_not_text| "it is no text".to_owned())?;
    let ring = keyring(&EncryptionKey::parse_list(text)?).ok_or("there is no key in it")?;
    let (before, ids) = (app.keyring().key_ids(), ring.key_ids());
    if before == ids {
        return Ok(None);
    }
    for gone in before.iter().filter(|id| !ids.contains(id)) {
        let used = resealing::any_use(&app.pool, slice::from_ref(gone)).await;
        if used
            .map_err(|_away| "whether a key that is gone from it is still needed can't be asked just now")?
        {
            return Err(format!("key {gone} is gone from it and still seals something"));
        }
    }
    app.keyring().replace(&ring);
    Ok(Some(ids))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    fn watching(path: &Path) -> Watched {
        Watched::new(Purpose::Signing, vec![path.to_owned()])
    }

    /// What is to be used after the next look.
    async fn text(watched: &mut Watched) -> Option<Result<String, Reason>> {
        let contents = watched.settled().await?;
        Some(contents.map(|contents| String::from_utf8(contents[0].to_vec()).unwrap()))
    }

    #[tokio::test]
    async fn content_counts_when_it_was_the_same_at_two_looks() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let mut watched = watching(&path);
        // Somebody writes it bit by bit, each of which could be a good file.
        for part in ["one", "one two", "one two three"] {
            fs::write(&path, part).unwrap();
            assert_eq!(text(&mut watched).await, None, "{part}");
        }
        assert_eq!(text(&mut watched).await, Some(Ok("one two three".to_owned())));

        watched.note(Ok(None));
        assert_eq!(text(&mut watched).await, None, "it is in service");
        fs::write(&path, "four").unwrap();
        assert_eq!(text(&mut watched).await, None);
        assert_eq!(text(&mut watched).await, Some(Ok("four".to_owned())));
    }

    #[tokio::test]
    async fn a_file_that_is_away_for_one_look_is_no_reason_to_say_anything() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let mut watched = watching(&path);
        assert_eq!(text(&mut watched).await, None);
        assert!(text(&mut watched).await.is_some_and(|content| content.is_err()), "it is away for good");
        fs::write(&path, "one").unwrap();
        assert_eq!(text(&mut watched).await, None);
        watched.settled().await.unwrap().unwrap();
        watched.note(Ok(None));

        fs::remove_file(&path).unwrap();
        assert_eq!(text(&mut watched).await, None);
        fs::write(&path, "one").unwrap();
        assert_eq!(text(&mut watched).await, None);
        assert_eq!(text(&mut watched).await, None);
    }

    #[tokio::test]
    async fn refused_content_is_tried_again_after_a_while_and_other_content_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        fs::write(&path, "bad").unwrap();
        let mut watched = watching(&path);
        watched.settled().await;
        assert!(watched.settled().await.is_some());
        assert!(!watched.note(Err("bad".to_owned())));

        for _ in 0..TRIES_APART {
            assert_eq!(text(&mut watched).await, None);
        }
        assert_eq!(text(&mut watched).await, Some(Ok("bad".to_owned())));
        watched.note(Err("bad".to_owned()));
        fs::write(&path, "good").unwrap();
        assert_eq!(text(&mut watched).await, None);
        assert_eq!(text(&mut watched).await, Some(Ok("good".to_owned())));
    }
}
