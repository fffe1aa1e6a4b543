//! `devauth health`: asks a node on this machine how it is, for images without a shell or an HTTP client.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::{Failure, answer, env};
use crate::config::Config;

/// Far more than an answer about health has.
const MOST: usize = 64 * 1024;

/// Ask the node on this machine whether it can serve
#[derive(Debug, clap::Args)]
#[command(
    long_about = "Ask the node on this machine whether it can serve, and print its answer. For health checks in images that \
        have nothing else to ask with. Reads DEVAUTH_BIND alone.",
    after_help = AFTER_HELP
)]
pub(super) struct Args {
    /// Ask whether the process runs, whatever it can do
    #[arg(long)]
    live: bool,
    /// Seconds to wait for the answer
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=60))]
    timeout: u64,
    /// Answer in JSON, as the node does anyway
    #[arg(long)]
    json: bool,
}

const AFTER_HELP: &str = "\
Example:
  devauth health
  DEVAUTH_BIND=0.0.0.0:8080 devauth health --live

Exit status:
  0  it can (also if something is missing: then the answer says \"degraded\" and what)
  1  it can't, or nobody answers
  2  the command line or DEVAUTH_BIND is wrong";

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let address = reachable(Config::bind_from_env(&env)?);
    let path = if args.live { "/health/live" } else { "/health/ready" };
    let time = Duration::from_secs(args.timeout);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|cause| Failure::failed(format!("cannot wait for an answer: {cause}")))?;
    let asked = runtime.block_on(async { tokio::time::timeout(time, ask(address, path)).await });
    let (status, text) = match asked {
        Ok(Ok(answered)) => answered,
        Ok(Err(cause)) => return Err(Failure::failed(format!("no answer from {address}: {cause}"))),
        Err(_) => return Err(Failure::failed(format!("no answer from {address} within {time:?}"))),
    };
    if status.is_success() {
        answer(&format!("{}\n", text.trim_end()))
    } else {
        Err(Failure::failed(format!("{address} answered {}: {}", status.as_u16(), text.trim_end())))
    }
}

/// Where a node that listens on `bind` is reached from its own machine: "any address" is none to connect to everywhere.
fn reachable(bind: SocketAddr) -> SocketAddr {
    let ip = match bind.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, bind.port())
}

async fn ask(
    address: SocketAddr,
    path: &str,
) -> Result<(StatusCode, String), Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get(path).header(HOST, address.to_string()).body(Body::empty())?;
    let answering = async {
        let (parts, body) = sender.send_request(request).await?.into_parts();
        let body = Limited::new(body, MOST).collect().await?.to_bytes();
        Ok((parts.status, String::from_utf8_lossy(&body).into_owned()))
    };
    tokio::select! {
        answered = answering => answered,
        // The answer comes over it, so it ends first only if it breaks.
        Err(broken) = connection => Err(broken.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::reachable;

    #[test]
    fn any_address_is_asked_at_this_machine() {
        for (bind, asked) in [
            ("0.0.0.0:8080", "127.0.0.1:8080"),
            ("[::]:8080", "[::1]:8080"),
            ("10.0.0.7:80", "10.0.0.7:80"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(reachable(bind.parse().unwrap()), asked.parse().unwrap());
        }
    }
}
