//! What processes have used, as the kernel tells it.

use std::time::Duration;

use crate::Outcome;

/// Linux tells processor time in hundredths of a second, whatever its own clock's rate.
const TICK: Duration = Duration::from_millis(10);

/// The processes that do the work of a request.
#[derive(Clone, Copy)]
pub struct Processes {
    /// The server.
    pub server: u32,
    /// Postgres' first process, whose children are the rest of it.
    pub postgres: u32,
}

/// Processor time.
#[derive(Clone, Copy, Default)]
pub struct Used {
    /// The server's.
    pub server: Duration,
    /// That of Postgres.
    pub postgres: Duration,
}

impl Used {
    /// What was used since.
    pub fn since(self, before: Used) -> Used {
        Used {
            server: self.server.saturating_sub(before.server),
            postgres: self.postgres.saturating_sub(before.postgres),
        }
    }

    /// All in all.
    pub fn total(self) -> Duration {
        self.server + self.postgres
    }
}

impl Processes {
    /// Processor time so far.
    pub fn used(self) -> Outcome<Used> {
        let server = Stat::read(self.server)?;
        let postgres = Stat::read(self.postgres)?;
        let mut ticks = postgres.own + postgres.ended_children;
        for entry in std::fs::read_dir("/proc")? {
            let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            // One that ended meanwhile is counted with the parent next time.
            if let Ok(stat) = Stat::read(pid)
                && stat.parent == self.postgres
            {
                ticks += stat.own;
            }
        }
        let time = |ticks: u64| -> Outcome<Duration> { Ok(TICK * u32::try_from(ticks)?) };
        Ok(Used { server: time(server.own)?, postgres: time(ticks)? })
    }
}

struct Stat {
    parent: u32,
    own: u64,
    ended_children: u64,
}

impl Stat {
    /// proc_pid_stat(5); what follows the name, which may hold anything, begins behind the last parenthesis.
    fn read(pid: u32) -> Outcome<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, rest) = text.rsplit_once(')').ok_or("/proc/PID/stat has a name")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |index: usize| -> Outcome<u64> { Ok(fields.get(index).ok_or("too short")?.parse()?) };
        Ok(Stat {
            parent: u32::try_from(number(1)?)?,
            own: number(11)? + number(12)?,
            ended_children: number(13)? + number(14)?,
        })
    }
}

/// The parent of a process.
pub fn parent(pid: u32) -> Outcome<u32> {
    Ok(Stat::read(pid)?.parent)
}

/// Resident memory of a process in megabytes: all of it, and the part that is its own (not pages of the program's file).
pub fn resident(pid: u32) -> Outcome<(f64, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let megabytes = |name: &str| -> Outcome<f64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
        let kibibytes: f64 = line.split_whitespace().next().ok_or("no number")?.parse()?;
        Ok(kibibytes * 1024.0 / 1e6)
    };
    Ok((megabytes("VmRSS:")?, megabytes("RssAnon:")?))
}
