//! Keys are replaced by commands while two nodes serve: no request fails, nobody is logged out, and whatever is killed or
//! written wrongly meanwhile leaves everything as good as it was.

mod load;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use devauth_test_support::database::PATIENCE;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tempfile::TempDir;

use crate::caller::{Caller, PASSWORD};
use crate::deployment::Deployment;
use crate::node::{Node, devauth};

use load::Load;

/// Two nodes whose keys are in files.
struct Scene {
    deployment: Deployment,
    nodes: [Node; 2],
    directory: TempDir,
    variables: Vec<(String, String)>,
}

/// An application as its developer sees it.
#[derive(Clone)]
struct Application {
    id: String,
    secret: String,
    /// Its backend, at the first node.
    backend: Caller,
}

impl Scene {
    async fn new() -> Self {
        let directory = TempDir::new().unwrap();
        let deployment = Deployment::new().await;
        let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
        let variables = [
            ("DATABASE_URL", deployment.database.url.clone()),
            ("DEVAUTH_ENCRYPTION_KEY", String::new()),
            ("DEVAUTH_ENCRYPTION_KEY_FILE", path("encryption.key")),
            ("DEVAUTH_JWT_PRIVATE_KEY_FILE", path("jwt.pem")),
            ("DEVAUTH_INTROSPECT_LIMIT_PER_MINUTE", "1000000".to_owned()),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let generate = ["keys", "generate", "--dir", directory.path().to_str().unwrap()];
        assert!(devauth(&generate, &[]).output().await.unwrap().status.success());
        let changes: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let nodes = [deployment.start_with(&changes).await, deployment.start_with(&changes).await];
        let scene = Scene { deployment, nodes, directory, variables };
        scene.keep_keys_secret();
        scene
    }

    fn encryption_file(&self) -> PathBuf {
        self.directory.path().join("encryption.key")
    }

    fn signing_file(&self) -> PathBuf {
        self.directory.path().join("jwt.pem")
    }

    /// Whatever is in the files now must be in no log.
    fn keep_keys_secret(&self) {
        for path in [self.encryption_file(), self.signing_file()] {
            for line in fs::read_to_string(path).unwrap().lines().filter(|line| line.len() > 30) {
                self.deployment.keep_secret(line);
            }
        }
    }

    /// Runs `devauth keys …`; answers its exit status, and what it said: JSON, or the complaint.
    async fn keys_with(&self, arguments: &str, variables: &[(&str, &str)]) -> (Option<i32>, Value) {
        let line: Vec<&str> = ["keys"].into_iter().chain(arguments.split(' ')).chain(["--json"]).collect();
        let more = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: Vec<_> = self.variables.iter().cloned().chain(more).collect();
        let output = tokio::time::timeout(PATIENCE * 3, devauth(&line, &environment).output());
        let output = output.await.expect("it ends").unwrap();
        self.keep_keys_secret();
        let said = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| Value::String(String::from_utf8(output.stderr).unwrap()));
        (output.status.code(), said)
    }

    /// What it says if it ends well.
    async fn keys(&self, arguments: &str) -> Value {
        let (status, said) = self.keys_with(arguments, &[]).await;
        assert_eq!(status, Some(0), "{arguments}: {said}");
        said
    }

    /// What it complains of if it is refused.
    async fn refused(&self, arguments: &str) -> String {
        let (status, said) = self.keys_with(arguments, &[]).await;
        assert_eq!(status, Some(1), "{arguments}: {said}");
        said.as_str().unwrap().to_owned()
    }

    async fn run(&self, sql: &str) {
        let mut owner = self.deployment.database.connect().await;
        sqlx::raw_sql(sql).execute(&mut owner).await.unwrap();
    }

    async fn application(&self) -> Application {
        let anyone = self.deployment.anyone(&self.nodes[0]);
        let credentials = json!({"email": "grace@example.org", "password": PASSWORD});
        anyone.post("/v1/portal/developers/signup", credentials.clone()).await.expect(201);
        let login = anyone.post("/v1/portal/developers/login", credentials).await.expect(200);
        let developer = anyone.bearing(&login["access_token"]);
        let body = json!({"name": "Acme", "environment": "development"});
        let created = developer.post("/v1/portal/applications", body).await.expect(201);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let id = text(&created["app_id"]);
        let path = format!("/v1/portal/applications/{id}/api-keys");
        let issued = developer.post(&path, json!({"label": "test"})).await.expect(201);
        let backend = anyone.with("x-app-id", &id).with("x-api-key", &text(&issued["key"]));
        Application { id, secret: text(&created["app_secret"]), backend }
    }

    /// Which keys seal rows, in all tables.
    async fn sealing(&self) -> Vec<String> {
        let mut owner = self.deployment.database.connect().await;
        sqlx::query_scalar(
            "SELECT key_id FROM secrets.data_keys UNION SELECT key_id FROM secrets.application_secrets
             UNION SELECT key_id FROM secrets.service_keys
             UNION SELECT key_id FROM idempotency_keys WHERE key_id IS NOT NULL",
        )
        .fetch_all(&mut owner)
        .await
        .unwrap()
    }

    /// The ids of the public keys that a node shows, in order.
    async fn published(&self, node: usize) -> Vec<String> {
        published(&self.deployment.anyone(&self.nodes[node])).await
    }
}

async fn published(caller: &Caller) -> Vec<String> {
    let set = caller.get("/.well-known/jwks.json").await.expect(200);
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// The key that signed a token.
fn signer(token: &Value) -> String {
    let header = token.as_str().unwrap().split('.').next().unwrap();
    let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    header["kid"].as_str().unwrap().to_owned()
}

fn ids(listed: &Value) -> Vec<String> {
    listed.as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()).collect()
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn the_encryption_key_is_replaced_under_load() {
    let scene = Scene::new().await;
    let application = scene.application().await;
    let load = Load::start(&scene, &application).await;
    let [old] = &ids(&scene.keys("list").await["encryption_keys"])[..] else { panic!("one key") };
    assert_eq!(scene.keys("rotate encryption --status").await["next"], "add");
    assert_eq!(scene.keys("rotate encryption --retire").await["next"], "add", "there is nothing to retire");

    // Somebody may have sealed with the old key in a transaction that is still open: it is not over yet.
    let mut connection = scene.deployment.database.connect().await;
    let mut open = connection.begin().await.unwrap();
    sqlx::query("SELECT 1").execute(&mut *open).await.unwrap();
    let said = scene.refused("rotate encryption --wait 8s").await;
    assert!(said.contains("1 transactions in this database began before"), "{said}");
    assert_eq!(scene.keys("rotate encryption --status").await["rows_left"], 0);
    let said = scene.refused("rotate encryption --retire --wait 2s").await;
    assert!(said.contains("1 transactions in this database began before"), "{said}");
    open.rollback().await.unwrap();

    let done = scene.keys("rotate encryption").await;

    assert_eq!((&done["next"], &done["rows_left"], &done["nodes"]), (&json!("retire"), &json!(0), &json!(2)));
    let both: Vec<String> = serde_json::from_value(done["keys"].clone()).unwrap();
    assert_eq!((both.len(), &both[1], &done["old"]), (2, old, &json!([old])));
    assert_eq!(scene.sealing().await, both[..1]);
    load.goes_on().await;
    let again = scene.keys("rotate encryption").await;
    assert_eq!(again, done, "it is done, and makes no further key");
    let listed = scene.keys("list").await;
    assert_eq!(ids(&listed["encryption_keys"]), both);
    assert_eq!(listed["encryption_keys"][1]["rows"], json!({}));
    assert_eq!(listed["encryption_keys"][0]["nodes"], 2);
    assert!(listed["encryption_keys"][0]["rows"]["secrets.data_keys"].as_u64() >= Some(2));

    // A row under the old key, as a restored one would be: nothing is given up.
    scene.run(&format!("CREATE TABLE kept AS SELECT * FROM secrets.service_keys; UPDATE secrets.service_keys SET key_id = '{old}'")).await;
    assert!(scene.refused("rotate encryption --retire").await.contains("left under older keys"));
    assert!(scene.refused("rotate encryption").await.contains("1 rows can't be opened"));
    scene
        .run("UPDATE secrets.service_keys s SET key_id = kept.key_id FROM kept WHERE kept.name = s.name")
        .await;
    let retired = scene.keys("rotate encryption --retire").await;
    assert_eq!((&retired["next"], &retired["keys"]), (&json!("add"), &json!(both[..1])));
    assert_eq!(fs::read_to_string(scene.encryption_file()).unwrap().lines().count(), 1);
    assert_eq!(mode(&scene.encryption_file()), 0o600);
    load.goes_on().await;
    load.stop().await;
    // Who starts now has the new key alone.
    let changes: Vec<_> =
        scene.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let node = scene.deployment.start_with(&changes).await;
    application.backend.at(&node).log_in("ada@example.org", PASSWORD).await.expect(200);
    scene.deployment.nothing_was_given_away();
}

#[tokio::test]
async fn the_signing_key_is_replaced_under_load_and_nobody_is_logged_out() {
    let scene = Scene::new().await;
    let application = scene.application().await;
    let load = Load::start(&scene, &application).await;
    let backend = &application.backend;
    let before = backend.log_in("ada@example.org", PASSWORD).await.expect(200);
    let old = signer(&before["access_token"]);
    assert_eq!(scene.keys("rotate signing").await["next"], "publish");
    assert!(scene.refused("rotate signing --sign").await.contains("--publish"));
    assert!(scene.refused("rotate signing --retire").await.contains("--publish"));

    assert_eq!(scene.keys("rotate signing --publish").await["next"], "sign");
    let shown = scene.published(0).await;
    let new = shown[1].clone();
    assert_eq!((shown.len(), &shown[0], scene.published(1).await), (2, &old, shown.clone()));
    load.goes_on().await;
    assert_eq!(signer(&backend.log_in("ada@example.org", PASSWORD).await.expect(200)["access_token"]), old);
    assert!(
        scene.refused("rotate signing --sign").await.contains("not before"),
        "verifiers don't know it yet"
    );
    assert!(scene.refused("rotate signing --publish").await.contains("--sign"), "no third key");

    scene.run("UPDATE key_uses SET published_at = published_at - interval '6 minutes'").await;
    assert_eq!(scene.keys("rotate signing --sign").await["next"], "retire");
    assert_eq!(scene.published(1).await, [new.clone(), old.clone()]);
    load.goes_on().await;
    for node in &scene.nodes {
        let backend = backend.at(node);
        assert_eq!(
            signer(&backend.log_in("ada@example.org", PASSWORD).await.expect(200)["access_token"]),
            new
        );
        backend.bearing(&before["access_token"]).get("/v1/auth/me").await.expect(200);
    }
    assert!(scene.refused("rotate signing --retire").await.contains("not before"), "its tokens live");
    backend.bearing(&before["access_token"]).get("/v1/auth/me").await.expect(200);

    scene.run(&format!("UPDATE key_uses SET needed_until = now() WHERE key_id = '{old}'")).await;
    assert_eq!(scene.keys("rotate signing --retire").await["next"], "publish");
    assert_eq!((scene.published(0).await, scene.published(1).await), (vec![new.clone()], vec![new]));
    assert_eq!(mode(&scene.signing_file()), 0o600);
    load.goes_on().await;
    load.stop().await;
    // Its time was not over in truth, so that it can be told from the key's: the session lives.
    assert_eq!(backend.bearing(&before["access_token"]).get("/v1/auth/me").await.code, "invalid_token");
    backend.refresh(&before["refresh_token"]).await.expect(200);
    scene.deployment.nothing_was_given_away();
}

#[tokio::test]
async fn a_file_that_can_not_be_used_leaves_the_keys_in_service() {
    let scene = Scene::new().await;
    let application = scene.application().await;
    let load = Load::start(&scene, &application).await;
    let good = [scene.encryption_file(), scene.signing_file()].map(|path| fs::read_to_string(path).unwrap());
    let shown = scene.published(0).await;
    let other_key = devauth::crypto::generate::encryption_key();
    let other_key = secrecy::ExposeSecret::expose_secret(&other_key).to_owned();
    let half = |text: &str| text[..text.len() / 2].to_owned();
    let mut said = [0, 0];
    for bad in [
        ["garbage".to_owned(), "garbage".to_owned()],
        [half(&good[0]), half(&good[1])],
        [String::new(), String::new()],
        // Good for themselves: a key that opens nothing of what is there, and one key with the beginning of another.
        [other_key, format!("{}-----BEGIN PRIV", good[1])],
    ] {
        for (path, text) in [scene.encryption_file(), scene.signing_file()].iter().zip(&bad) {
            fs::write(path, text).unwrap();
        }
        for (node, said) in scene.nodes.iter().zip(&mut said) {
            // Of both files.
            *said += 2;
            node.wrote(|text| {
                (text.matches("a file with keys can't be used").count() == *said).then_some(())
            })
            .await;
        }
        load.goes_on().await;
        assert_eq!(scene.published(1).await, shown);
    }
    assert!(scene.nodes[0].output.borrow().contains("still seals something"), "the key was not given up");

    for (path, text) in [scene.encryption_file(), scene.signing_file()].iter().zip(&good) {
        fs::write(path, text).unwrap();
    }
    for node in &scene.nodes {
        node.wrote(|text| (text.matches("can be used again").count() == 2).then_some(())).await;
    }
    load.goes_on().await;
    load.stop().await;
    scene.deployment.nothing_was_given_away();
}

#[tokio::test]
async fn killed_in_the_middle_of_any_batch_it_goes_on() {
    let scene = Scene::new().await;
    let application = scene.application().await;
    let load = Load::start(&scene, &application).await;
    let with_key = application.backend.with("idempotency-key", "0123456789abcdef");
    let signup = json!({"email": "eve@example.org", "password": PASSWORD});
    let answered = with_key.post("/v1/auth/signup", signup.clone()).await.expect(201);

    let mut killed = 0;
    for place in ["resealing_before_commit@1", "resealing_after_commit@1", "resealing_before_commit@2"] {
        let (status, _) = scene.keys_with("rotate encryption", &[("CRASH_AT", place)]).await;
        assert_eq!(status, None, "it died");
        killed += 1;
        assert_eq!(ids(&scene.keys("list").await["encryption_keys"]).len(), 2, "no further key is made");
        load.goes_on().await;
    }
    let done = scene.keys("rotate encryption").await;

    assert_eq!((killed, &done["next"], &done["rows_left"]), (3, &json!("retire"), &json!(0)));
    assert_eq!(json!(scene.sealing().await), json!([done["keys"][0]]));
    scene.keys("rotate encryption --retire").await;
    assert_eq!(with_key.post("/v1/auth/signup", signup).await.expect(201), answered);
    load.goes_on().await;
    load.stop().await;
    scene.deployment.nothing_was_given_away();
}

#[tokio::test]
async fn a_node_that_lacks_the_key_others_seal_with_does_not_start_and_is_waited_for_if_it_runs() {
    let scene = Scene::new().await;
    let elsewhere = TempDir::new().unwrap();
    let copy = elsewhere.path().join("encryption.key");
    fs::copy(scene.encryption_file(), &copy).unwrap();
    let copy = copy.to_str().unwrap().to_owned();
    let mut changes: Vec<_> =
        scene.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    changes.push(("DEVAUTH_ENCRYPTION_KEY_FILE", &copy));
    let third = scene.deployment.start_with(&changes).await;

    let said = scene.refused("rotate encryption --wait 5s").await;
    assert!(said.contains("1 of 3 nodes don't have the new key yet"), "{said}");
    let listed = scene.keys("list").await;
    assert_eq!(listed["encryption_keys"][1]["nodes"], 2);
    assert_eq!(listed["encryption_keys"][1]["rows"], json!({}), "nobody seals with it");
    third.terminate();
    assert!(third.ended().await.success());
    // The nodes seal with the new key, and nothing is resealed yet, the root key neither.
    let (status, _) = scene.keys_with("rotate encryption", &[("CRASH_AT", "resealing_before_commit")]).await;
    assert_eq!(status, None);

    let environment = scene.deployment.environment_with(&changes);
    let output = devauth(&["serve"], &environment).output().await.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("another node seals with encryption key"), "{said}");
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(scene.keys("rotate encryption").await["next"], "retire");
    scene.deployment.nothing_was_given_away();
}
