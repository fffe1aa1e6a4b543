//! `me` and `introspect` beside a bare route with one indexed select.

use std::time::Duration;

use crate::callers::InTurn;
use crate::cpu::Processes;
use crate::load::{self, Pace};
use crate::node::Server;
use crate::report::{Aim, Report};
use crate::setup::Bench;
use crate::{Outcome, Plan, Ratios};

/// Enough to keep both cores busy.
const CALLERS: usize = 8;

/// One side, measured once.
struct Measured {
    rate: f64,
    p99: f64,
    /// Processor time in microseconds a request: the server's, and that of Postgres.
    parts: [f64; 2],
}

impl Measured {
    fn cpu(&self) -> f64 {
        self.parts.iter().sum()
    }
}

/// How one side compares with the bare route.
#[derive(Default)]
struct Compared {
    rate: Ratios,
    p99: Ratios,
    cpu: Ratios,
    /// Microseconds a request: the server's, and those of Postgres.
    parts: [Ratios; 2],
}

/// Measures it.
pub async fn measure(bench: &Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let routes: [(&str, &Server, Vec<InTurn>); 4] = [
        ("me", &bench.alone, bench.asking_me(CALLERS)),
        ("introspect", &bench.alone, bench.introspecting(CALLERS)),
        ("me, limits in Redis", &bench.shared, bench.asking_me(CALLERS)),
        ("introspect, limits in Redis", &bench.shared, bench.introspecting(CALLERS)),
    ];
    let mut compared = routes.each_ref().map(|_| Compared::default());
    let mut limit = Compared::default();
    for _ in 0..plan.rounds {
        let mut before = bare(bench, plan.slice).await?;
        for ((_, server, callers), route) in routes.iter().zip(&mut compared) {
            let measured = side(bench, server, callers.clone(), plan.slice).await?;
            let after = bare(bench, plan.slice).await?;
            route.add(&measured, &before, &after);
            limit.add(&after, &before, &after);
            before = after;
        }
    }
    for ((name, _, _), route) in routes.iter().zip(&compared) {
        report.add(&format!("{name} / bare select route, rate"), &route.rate, Some(Aim::AtLeast(0.8)));
        report.add(&format!("{name} / bare select route, p99"), &route.p99, None);
        report.add(&format!("{name} / bare select route, processor time a request"), &route.cpu, None);
    }
    let parts =
        |route: &Compared| route.parts.each_ref().map(|part| format!("{:.0}", part.median())).join(" + ");
    let of_routes =
        routes.iter().zip(&compared).map(|((name, ..), route)| format!("{name} {}", parts(route)));
    report.note(format!(
        "Microseconds of processor time a request, server + Postgres: bare select route {}; {}.",
        parts(&limit),
        of_routes.collect::<Vec<_>>().join("; ")
    ));
    Ok(())
}

impl Compared {
    fn add(&mut self, measured: &Measured, before: &Measured, after: &Measured) {
        self.rate.push(measured.rate / f64::midpoint(before.rate, after.rate));
        self.p99.push(measured.p99 / f64::midpoint(before.p99, after.p99));
        self.cpu.push(measured.cpu() / f64::midpoint(before.cpu(), after.cpu()));
        for (ratios, part) in self.parts.iter_mut().zip(measured.parts) {
            ratios.push(part);
        }
    }
}

async fn bare(bench: &Bench, time: Duration) -> Outcome<Measured> {
    side(bench, &bench.bare, bench.reading_rows(CALLERS), time).await
}

async fn side(bench: &Bench, server: &Server, callers: Vec<InTurn>, time: Duration) -> Outcome<Measured> {
    let processes = Processes { server: server.pid()?, postgres: bench.postgres };
    let used_before = processes.used()?;
    let (sample, _) = load::run(server.address, callers, Pace::full(time)).await?;
    let used = processes.used()?.since(used_before);
    let each = |time: Duration| time.as_secs_f64() * 1e6 / sample.count() as f64;
    Ok(Measured {
        rate: sample.rate(),
        p99: sample.quantile(0.99),
        parts: [each(used.server), each(used.postgres)],
    })
}
