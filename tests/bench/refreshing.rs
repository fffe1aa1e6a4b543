//! Refresh: what it costs in all, and its rate beside that of bare commits.

use std::time::Duration;

use crate::callers::Refresher;
use crate::cpu::Processes;
use crate::load::{self, Pace};
use crate::report::{Aim, Report};
use crate::setup::Bench;
use crate::{Outcome, Plan, Ratios, bare};

/// As many on each side.
const CALLERS: usize = 8;

/// Measures it.
pub async fn measure(bench: &mut Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let (mut cost, mut rate, mut count) = (Ratios::default(), Ratios::default(), 0);
    let (mut signing, mut beside) = (Ratios::default(), Ratios::default());
    let pem = std::fs::read(&bench.common.signing_key)?;
    let mut parts = [Ratios::default(), Ratios::default()];
    let sessions = bench.refresh.chunks(bench.refresh.len() / CALLERS);
    let mut callers: Vec<_> =
        sessions.map(|tokens| Refresher::new(&bench.application, tokens.to_vec())).collect();
    let processes = Processes { server: bench.shared.pid()?, postgres: bench.postgres };
    let url = &bench.common.database_url;
    let mut committing = Ratios::default();
    let mut before = bare::commit_rate(url, CALLERS, plan.slice).await?;
    for _ in 0..plan.rounds {
        let used_before = processes.used()?;
        let (sample, same) = load::run(bench.shared.address, callers, Pace::full(plan.slice)).await?;
        let used = processes.used()?.since(used_before);
        let used_before = processes.used()?;
        let after = bare::commit_rate(url, CALLERS, plan.slice).await?;
        let commits = after * plan.slice.as_secs_f64();
        committing.push(processes.used()?.since(used_before).postgres.as_secs_f64() * 1e3 / commits);
        callers = same;
        count += sample.count();
        let each = |time: Duration| time.as_secs_f64() * 1e3 / sample.count() as f64;
        cost.push(each(used.total()));
        let signature = bare::signature(&pem, plan.slice / 4)?;
        signing.push(signature);
        beside.push(each(used.total()) / signature);
        for (ratios, part) in parts.iter_mut().zip([used.server, used.postgres]) {
            ratios.push(each(part));
        }
        rate.push(sample.rate() / f64::midpoint(before, after));
        before = after;
    }
    report.add("refresh, processor time of node and Postgres (ms)", &cost, Some(Aim::Under(1.0)));
    report.add("one RS256 signature, which a refresh makes (ms)", &signing, None);
    report.add("refresh / one RS256 signature, processor time", &beside, None);
    report.add("one bare commit, processor time of Postgres (ms)", &committing, None);
    let limit = if bare::pgbench().is_some() { "pgbench" } else { "bare insert" };
    report.add(&format!("refresh / {limit} commits, rate"), &rate, None);
    report.note(format!(
        "Of the processor time of a refresh, {:.2} ms are the node's and {:.2} ms those of Postgres; each session was refreshed {} times by the end.",
        parts[0].median(),
        parts[1].median(),
        count / bench.refresh.len()
    ));
    // The tokens that the sessions have now.
    bench.refresh = callers.into_iter().flat_map(Refresher::into_tokens).collect();
    Ok(())
}
