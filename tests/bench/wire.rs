//! A client that costs next to nothing: prepared requests over one kept connection, answers of a known length.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request, ready to be written.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() {
        text.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// A connection that is kept.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection { stream, buffer: Vec::with_capacity(8 * 1024) })
    }

    /// Sends a request and reads all of its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let (head, length) = loop {
            if let Some(found) = head_of(&self.buffer)? {
                break found;
            }
            self.read_more().await?;
        };
        while self.buffer.len() < head + length {
            self.read_more().await?;
        }
        let status = std::str::from_utf8(&self.buffer[9..12]).ok().and_then(|text| text.parse().ok());
        let status = status.ok_or(ErrorKind::InvalidData)?;
        Ok(Answer { status, body: &self.buffer[head..head + length] })
    }

    async fn read_more(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// Where the head ends and how long the body is, once the head is complete.
fn head_of(buffer: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let Some(end) = find(buffer, b"\r\n\r\n") else { return Ok(None) };
    // Both sides are hyper, which writes names in lower case.
    let name = b"\r\ncontent-length: ";
    let Some(at) = find(&buffer[..end + 2], name) else { return Ok(Some((end + 4, 0))) };
    let digits = buffer[at + name.len()..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.fold(0_usize, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Ok(Some((end + 4, length)))
}

/// Where `wanted` begins.
pub fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}
