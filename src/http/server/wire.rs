//! The socket as hyper sees it, with three additions: bare refusals get a body, a client that doesn't read its
//! answer is given up on, and closing waits a moment for the client to read the last answer.

use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Duration, Sleep, sleep};

use super::ServerLimits;
use super::refusal::{Refusals, bare_refusal};

/// An answer written in place of another one.
struct Replacement {
    bytes: Vec<u8>,
    written: usize,
    stands_for: usize,
}

/// One accepted socket.
pub struct Wire {
    stream: TcpStream,
    refusals: Refusals,
    replacement: Option<Replacement>,
    write_time: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    linger_time: Duration,
    lingering: Option<Pin<Box<Sleep>>>,
}

impl Wire {
    /// Wraps a socket.
    pub fn new(stream: TcpStream, limits: &ServerLimits, refusals: Refusals) -> Self {
        Self {
            stream,
            refusals,
            replacement: None,
            write_time: limits.write_time,
            stalled: None,
            linger_time: limits.linger_time,
            lingering: None,
        }
    }

    /// Writes, or fails once nothing could be written for the whole write time.
    fn poll_write_in_time(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(outcome) = Pin::new(&mut self.stream).poll_write(cx, bytes) {
            self.stalled = None;
            return Poll::Ready(outcome);
        }
        let write_time = self.write_time;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(write_time)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    fn poll_replacement(
        &mut self,
        cx: &mut Context<'_>,
        mut replacement: Replacement,
    ) -> Poll<io::Result<usize>> {
        while replacement.written < replacement.bytes.len() {
            match self.poll_write_in_time(cx, &replacement.bytes[replacement.written..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => replacement.written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {
                    self.replacement = Some(replacement);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(Ok(replacement.stands_for))
    }

    /// Reads away what the client is still sending. Closing a socket with unread input resets the connection, and a
    /// reset can destroy the answer before the client has read it.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let linger_time = self.linger_time;
        let deadline = self.lingering.get_or_insert_with(|| Box::pin(sleep(linger_time)));
        let mut waste = [0; 4096];
        loop {
            if deadline.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut waste);
            let outcome = ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer));
            if outcome.is_err() || buffer.filled().is_empty() {
                return Poll::Ready(());
            }
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Some(replacement) = self.replacement.take() {
            return self.poll_replacement(cx, replacement);
        }
        if let Some(code) = bare_refusal(bytes) {
            let replacement =
                Replacement { bytes: self.refusals.answer(code), written: 0, stands_for: bytes.len() };
            return self.poll_replacement(cx, replacement);
        }
        self.poll_write_in_time(cx, bytes)
    }

    // Not vectored, which is the default: hyper then hands over each head in one piece.

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.lingering.is_none() {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        }
        ready!(self.poll_linger(cx));
        Poll::Ready(Ok(()))
    }
}
