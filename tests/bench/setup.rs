//! Everything that is measured: nodes on one database, the bare route beside them, an application with users and sessions.

use devauth::crypto::generate::{SigningKeySize, encryption_key, signing_key_pem};
use devauth_test_support::database::{Database, redis_url};
use devauth_test_support::smtp::SmtpSink;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::callers::InTurn;
use crate::node::{Common, Kind, Server};
use crate::wire::{Connection, request};
use crate::{Outcome, bare, cpu};

/// Everybody's password.
pub const PASSWORD: &str = "violet tractor lagoon 77";
/// Sessions that are read and refreshed.
const SESSIONS: usize = 240;
/// Users whose password is hashed as in production.
pub const USERS: usize = 6;

/// Somebody's backend.
#[derive(Clone)]
pub struct Application {
    id: String,
    key: String,
}

impl Application {
    /// A `POST` of JSON.
    pub fn post(&self, path: &str, body: &str) -> Vec<u8> {
        request("POST", path, &[("x-app-id", &self.id), ("x-api-key", &self.key)], body)
    }

    fn get_as(&self, token: &str, path: &str) -> Vec<u8> {
        let bearer = format!("Bearer {token}");
        let headers = [("x-app-id", &*self.id), ("x-api-key", &*self.key), ("authorization", &*bearer)];
        request("GET", path, &headers, "")
    }
}

/// What the measurements work on.
pub struct Bench {
    /// A node that counts in Redis.
    pub shared: Server,
    /// A node that counts by itself.
    pub alone: Server,
    /// The bare route.
    pub bare: Server,
    /// For more nodes.
    pub common: Common,
    /// Postgres' first process.
    pub postgres: u32,
    /// The application.
    pub application: Application,
    /// Access tokens of living sessions.
    pub access: Vec<String>,
    /// Refresh tokens of the same sessions.
    pub refresh: Vec<String>,
    rows: Vec<Uuid>,
    _dir: TempDir,
    _smtp: SmtpSink,
    _database: Database,
}

impl Bench {
    /// Prepares everything.
    pub async fn prepare() -> Outcome<Self> {
        let database = Database::migrated().await;
        let rows = bare::create_tables(&database.url).await?;
        let postgres = postgres_pid(&database).await?;
        let smtp = SmtpSink::start().await;
        let dir = TempDir::with_prefix("devauth-bench-")?;
        let signing_key = dir.path().join("jwt.pem");
        std::fs::write(&signing_key, signing_key_pem(SigningKeySize::Rsa2048).expose_secret())?;
        let common = Common {
            database_url: database.url.clone(),
            smtp_url: smtp.url(),
            signing_key,
            encryption_key: encryption_key().expose_secret().to_owned(),
        };
        let cheap = Server::node(&common, Kind { cheap_hashes: true, ..Kind::default() }).await?;
        let mut connection = Connection::open(cheap.address).await?;
        let application = register(&mut connection).await?;
        let (mut access, mut refresh) = (Vec::new(), Vec::new());
        for number in 0..SESSIONS {
            let credentials = credentials(&format!("reader-{number}@example.org"));
            ask(&mut connection, &application.post("/v1/auth/signup", &credentials)).await?;
            let tokens = ask(&mut connection, &application.post("/v1/auth/login", &credentials)).await?;
            access.push(text(&tokens, "access_token")?);
            refresh.push(text(&tokens, "refresh_token")?);
        }
        drop(cheap);
        let alone = Server::node(&common, Kind::default()).await?;
        let mut connection = Connection::open(alone.address).await?;
        for number in 0..USERS {
            let credentials = credentials(&format!("user-{number}@example.org"));
            ask(&mut connection, &application.post("/v1/auth/signup", &credentials)).await?;
        }
        Ok(Bench {
            shared: Server::node(&common, Kind { redis_url: Some(&redis_url()), ..Kind::default() }).await?,
            alone,
            bare: Server::bare_route(&common.database_url).await?,
            common,
            postgres,
            application,
            access,
            refresh,
            rows,
            _dir: dir,
            _smtp: smtp,
            _database: database,
        })
    }

    /// Callers who log in, each as another user.
    pub fn logging_in(&self) -> Vec<InTurn> {
        let login = |number| {
            let credentials = credentials(&format!("user-{number}@example.org"));
            InTurn::new(vec![self.application.post("/v1/auth/login", &credentials)], 0)
        };
        (0..USERS).map(login).collect()
    }

    /// Callers of `me`.
    pub fn asking_me(&self, count: usize) -> Vec<InTurn> {
        let me = |token: &String| self.application.get_as(token, "/v1/auth/me");
        InTurn::several(count, &self.access.iter().map(me).collect::<Vec<_>>())
    }

    /// Callers of `introspect`.
    pub fn introspecting(&self, count: usize) -> Vec<InTurn> {
        let introspect = |token: &String| {
            self.application.post("/v1/auth/introspect", &format!(r#"{{"token":"{token}"}}"#))
        };
        InTurn::several(count, &self.access.iter().map(introspect).collect::<Vec<_>>())
    }

    /// Callers of the bare route.
    pub fn reading_rows(&self, count: usize) -> Vec<InTurn> {
        let row = |id: &Uuid| request("GET", &format!("/rows/{id}"), &[], "");
        InTurn::several(count, &self.rows.iter().map(row).collect::<Vec<_>>())
    }
}

async fn postgres_pid(database: &Database) -> Outcome<u32> {
    let mut connection = database.connect().await;
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
    cpu::parent(u32::try_from(backend)?)
}

/// A developer, their application, and a key that is not held up.
async fn register(connection: &mut Connection) -> Outcome<Application> {
    let portal = |path: &str, body: &str| request("POST", &format!("/v1/portal/{path}"), &[], body);
    let credentials = credentials("grace@example.org");
    ask(connection, &portal("developers/signup", &credentials)).await?;
    let login = ask(connection, &portal("developers/login", &credentials)).await?;
    let bearer = format!("Bearer {}", text(&login, "access_token")?);
    let create = |path: &str, body: &str| {
        request("POST", &format!("/v1/portal/{path}"), &[("authorization", &bearer)], body)
    };
    let body = r#"{"name":"Bench","environment":"development"}"#;
    let id = text(&ask(connection, &create("applications", body)).await?, "app_id")?;
    let body = r#"{"label":"bench","rate_limit_per_minute":1000000}"#;
    let key = ask(connection, &create(&format!("applications/{id}/api-keys"), body)).await?;
    Ok(Application { id, key: text(&key, "key")? })
}

fn credentials(email: &str) -> String {
    format!(r#"{{"email":"{email}","password":"{PASSWORD}"}}"#)
}

async fn ask(connection: &mut Connection, request: &[u8]) -> Outcome<Value> {
    let answer = connection.exchange(request).await?;
    if !(200..300).contains(&answer.status) {
        let text = String::from_utf8_lossy(answer.body);
        return Err(format!("the preparation was answered {}: {text}", answer.status).into());
    }
    Ok(serde_json::from_slice(answer.body)?)
}

fn text(value: &Value, name: &str) -> Outcome<String> {
    Ok(value[name].as_str().ok_or_else(|| format!("no {name} in the answer"))?.to_owned())
}
