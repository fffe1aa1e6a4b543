//! `devauth events`, as an auditor uses it: beside a service that runs, and without one.

mod export;
mod replay;
mod tail;
mod verify;

use std::path::{Path, PathBuf};

use devauth_test_support::database::PATIENCE;
use serde_json::Value;
use tempfile::TempDir;

use crate::caller::{Caller, PASSWORD};
use crate::deployment::Deployment;
use crate::node::{Node, devauth};

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    pub status: Option<i32>,
    pub said: String,
    pub errors: String,
}

impl Ended {
    /// What it said, if it ended with this status.
    #[track_caller]
    pub fn expect(self, status: i32) -> String {
        assert_eq!(self.status, Some(status), "{}\n{}", self.said, self.errors);
        self.said
    }

    #[track_caller]
    pub fn json(self, status: i32) -> Value {
        serde_json::from_str(&self.expect(status)).unwrap()
    }
}

/// Runs `devauth events` with this environment alone.
pub async fn events(arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
    let arguments = [&["events"], arguments].concat();
    let environment: Vec<_> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let running = devauth(&arguments, &environment).output();
    let output = tokio::time::timeout(PATIENCE, running).await.expect("it ends").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { status: output.status.code(), said: text(output.stdout), errors: text(output.stderr) }
}

/// A service with two applications, their users and sessions, and a place for files.
pub struct Scene {
    pub deployment: Deployment,
    _node: Node,
    /// The application's server.
    pub client: Caller,
    pub app: String,
    files: TempDir,
}

/// A user of the application.
pub const EMAIL: &str = "ada@example.org";

impl Scene {
    pub async fn new() -> Self {
        let deployment = Deployment::new().await;
        let node = deployment.start().await;
        let client = deployment.application(&node).await;
        for name in ["ada", "eve", "mallory"] {
            let email = format!("{name}@example.org");
            client.sign_up(&email).await.expect(201);
            let tokens = client.log_in(&email, PASSWORD).await.expect(200);
            client.refresh(&tokens["refresh_token"]).await.expect(200);
        }
        let mut owner = deployment.database.connect().await;
        let inside: uuid::Uuid =
            sqlx::query_scalar("SELECT id FROM applications").fetch_one(&mut owner).await.unwrap();
        let app = devauth_aggregates::ApplicationId::from_uuid(inside).to_string();
        Scene { deployment, _node: node, client, app, files: TempDir::new().unwrap() }
    }

    /// The file of this name.
    pub fn file(&self, name: &str) -> PathBuf {
        self.files.path().join(name)
    }

    /// Runs a command that reads the database.
    pub async fn events(&self, arguments: &[&str]) -> Ended {
        events(arguments, &[("DATABASE_URL", &self.deployment.database.url)]).await
    }

    /// Exports the application into a new file, with more arguments.
    pub async fn export(&self, name: &str, more: &[&str]) -> PathBuf {
        let file = self.file(name);
        let arguments = ["export", "--app", &self.app, "--output", text(&file)];
        let key = self.deployment.variable("DEVAUTH_ENCRYPTION_KEY");
        let environment =
            [("DATABASE_URL", self.deployment.database.url.as_str()), ("DEVAUTH_ENCRYPTION_KEY", key)];
        events(&[&arguments, more].concat(), &environment).await.expect(0);
        file
    }

    /// The id of the user with this address, in an export with their data in clear.
    pub async fn user(&self) -> String {
        let opened = self.export("to-find-the-user.jsonl", &["--opened"]).await;
        let lines = lines(&opened);
        let of_ada = lines.iter().find(|line| {
            line["type"] == "UserRegistered" && line["opened"]["payload"].as_str().unwrap().contains(EMAIL)
        });
        std::fs::remove_file(opened).unwrap();
        of_ada.unwrap()["aggregate_id"].as_str().unwrap().to_owned()
    }
}

/// A path as an argument.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Lines of JSON.
pub fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
