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
    cpu: f64,
}

/// Measures it.
pub async fn measure(bench: &Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let routes: [(&str, &Server, Vec<InTurn>); 4] = [
        ("me", &bench.alone, bench.asking_me(CALLERS)),
        ("introspect", &bench.alone, bench.introspecting(CALLERS)),
        ("me, limits in Redis", &bench.shared, bench.asking_me(CALLERS)),
        ("introspect, limits in Redis", &bench.shared, bench.introspecting(CALLERS)),
    ];
    let mut ratios = routes.each_ref().map(|_| [Ratios::default(), Ratios::default(), Ratios::default()]);
    for _ in 0..plan.rounds {
        let mut before = bare(bench, plan.slice).await?;
        for ((_, server, callers), [rate, p99, cpu]) in routes.iter().zip(&mut ratios) {
            let measured = side(bench, server, callers.clone(), plan.slice).await?;
            let after = bare(bench, plan.slice).await?;
            rate.push(measured.rate / f64::midpoint(before.rate, after.rate));
            p99.push(measured.p99 / f64::midpoint(before.p99, after.p99));
            cpu.push(measured.cpu / f64::midpoint(before.cpu, after.cpu));
            before = after;
        }
    }
    for ((name, _, _), [rate, p99, cpu]) in routes.iter().zip(&ratios) {
        report.add(&format!("{name} / bare select route, rate"), rate, Some(Aim::AtLeast(0.8)));
        report.add(&format!("{name} / bare select route, p99"), p99, None);
        report.add(&format!("{name} / bare select route, processor time a request"), cpu, None);
    }
    Ok(())
}

async fn bare(bench: &Bench, time: Duration) -> Outcome<Measured> {
    side(bench, &bench.bare, bench.reading_rows(CALLERS), time).await
}

async fn side(bench: &Bench, server: &Server, callers: Vec<InTurn>, time: Duration) -> Outcome<Measured> {
    let processes = Processes { server: server.pid()?, postgres: bench.postgres };
    let used_before = processes.used()?;
    let (sample, _) = load::run(server.address, callers, Pace::full(time)).await?;
    let used = processes.used()?.saturating_sub(used_before);
    Ok(Measured {
        rate: sample.rate(),
        p99: sample.quantile(0.99),
        cpu: used.as_secs_f64() / sample.count() as f64,
    })
}
