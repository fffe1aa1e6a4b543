//! Clients that hang up in the middle of their request.

use devauth::service::Service;
use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::app::TestApp;

/// Sends a whole request to `node`, hangs up while it waits for `table`, and lets go of the table after the node has noticed.
pub async fn hang_up_at(app: &TestApp, node: &Service, request: &str, table: &str) {
    let mut holder = app.database.connect().await;
    let mut held = holder.begin().await.unwrap();
    // Who only reads is let through.
    sqlx::query(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE")).execute(&mut *held).await.unwrap();

    let mut stream = TcpStream::connect(node.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    app.until(&format!(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
                        WHERE datname = current_database() AND relation = '{table}'::regclass AND NOT granted)"
    ))
    .await;
    stream.shutdown().await.unwrap();
    // The node noticed: it answers nothing and closes its side too.
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.is_empty(), "{}", String::from_utf8_lossy(&rest));
    held.rollback().await.unwrap();
}
