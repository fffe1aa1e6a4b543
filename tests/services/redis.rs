use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use devauth::dev::watchdog::Watchdog;

const LIMIT: Duration = Duration::from_secs(30);

/// A Redis of our own that keeps nothing on disk. Dropping it ends it.
pub struct Redis {
    child: Child,
    watchdog: Option<Watchdog>,
    port: u16,
}

impl Redis {
    /// Starts it on a free port and waits until it answers.
    pub fn start(dir: &Path) -> Result<Redis, String> {
        let tries = 5;
        for _ in 0..tries {
            let mut redis = Redis::spawn(dir).map_err(|error| format!("can't run redis-server: {error}"))?;
            if redis.answers() {
                return Ok(redis);
            }
        }
        Err(format!("redis-server did not start in {tries} tries"))
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn spawn(dir: &Path) -> std::io::Result<Redis> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "no",
        ]);
        command.args(["--daemonize", "no", "--dir"]).arg(dir);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut redis = Redis { child, watchdog: None, port };
        redis.watchdog = Some(Watchdog::over(redis.child.id(), None)?);
        Ok(redis)
    }

    /// False when it ended instead, because somebody else took the port meanwhile.
    fn answers(&mut self) -> bool {
        let started = Instant::now();
        while started.elapsed() < LIMIT && matches!(self.child.try_wait(), Ok(None)) {
            if ping(self.port).is_ok_and(|answer| answer == *b"+PONG\r\n") {
                return true;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        false
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It keeps nothing, so nothing is lost by ending it at once.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.dismiss();
        }
    }
}

fn ping(port: u16) -> std::io::Result<[u8; 7]> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    stream.read_exact(&mut answer)?;
    Ok(answer)
}
