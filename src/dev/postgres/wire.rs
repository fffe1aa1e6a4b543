//! As much of the Postgres protocol as it takes to ask whether a server is ready and to create a database.
//!
//! The binaries at hand may come without `psql`, and this package has no SQL client on purpose.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Protocol version 3.0.
const VERSION: i32 = 3 << 16;
/// An answer that takes longer is no answer.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub(crate) enum WireError {
    #[error("{0}")]
    Io(#[from] io::Error),
    /// What the server says: SQLSTATE and text.
    #[error("{message} ({code})")]
    Server { code: String, message: String },
}

/// A trusted connection through the unix socket.
pub(crate) struct Connection(UnixStream);

impl Connection {
    pub(crate) fn open(socket: &Path, user: &str, database: &str) -> Result<Connection, WireError> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        let mut connection = Connection(stream);
        let parameters = format!("user\0{user}\0database\0{database}\0\0");
        let length = (8 + parameters.len()) as i32;
        let message = [&length.to_be_bytes(), &VERSION.to_be_bytes(), parameters.as_bytes()].concat();
        connection.0.write_all(&message)?;
        connection.until_ready()?;
        Ok(connection)
    }

    /// Runs one statement and waits for its end. After an error the connection is of no further use.
    pub(crate) fn execute(&mut self, sql: &str) -> Result<(), WireError> {
        let length = (4 + sql.len() + 1) as i32;
        self.0.write_all(&[b"Q", &length.to_be_bytes()[..], sql.as_bytes(), b"\0"].concat())?;
        self.until_ready()
    }

    fn until_ready(&mut self) -> Result<(), WireError> {
        loop {
            match self.message()? {
                (b'Z', _) => return Ok(()),
                (b'E', body) => return Err(refusal(&body)),
                (b'R', body) if body != [0; 4] => {
                    return Err(
                        io::Error::new(io::ErrorKind::PermissionDenied, "a password is asked for").into()
                    );
                }
                _ => {}
            }
        }
    }

    /// The next message: its type and body.
    fn message(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.0.read_exact(&mut head)?;
        let [kind, length @ ..] = head;
        let length = usize::try_from(i32::from_be_bytes(length) - 4).map_err(io::Error::other)?;
        let mut body = vec![0; length];
        self.0.read_exact(&mut body)?;
        Ok((kind, body))
    }
}

/// An ErrorResponse: fields of a type byte and a zero-terminated text; C is the SQLSTATE, M the message.
fn refusal(body: &[u8]) -> WireError {
    let field = |kind: u8| {
        let found = body.split(|byte| *byte == 0).find(|field| field.first() == Some(&kind));
        String::from_utf8_lossy(found.map_or(&[], |field| &field[1..])).into_owned()
    };
    WireError::Server { code: field(b'C'), message: field(b'M') }
}
