//! Where a process that a test starts can listen.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{SocketAddr, TcpListener};

/// An address that a process can listen on again and again: below the ports that the system gives to clients, so that none of
/// them takes it in between.
///
/// # Panics
/// Of a hundred ports none is free.
pub fn free_address() -> SocketAddr {
    let candidates = std::iter::repeat_with(|| {
        let port = 12_000 + RandomState::new().hash_one(()) % 18_000;
        SocketAddr::from(([127, 0, 0, 1], u16::try_from(port).unwrap_or_default()))
    });
    candidates.take(100).find(|address| TcpListener::bind(address).is_ok()).expect("a free port")
}
