//! How long `me` and `introspect` take while others flood the login, beside how long they take on an idle node.

use std::time::Duration;

use crate::load::{self, Pace};
use crate::report::{Aim, Report};
use crate::setup::Bench;
use crate::{Outcome, Plan, Ratios};

/// Few and with pauses: the question is how long one of them waits, not how many there can be.
const CALLERS: usize = 4;
const PAUSE: Duration = Duration::from_millis(5);
/// How long the flood goes on before it counts, so that the queue of passwords is full.
const RISING: Duration = Duration::from_millis(500);

/// Measures it.
pub async fn measure(bench: &Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let names = ["me", "introspect"];
    let mut ratios = [Ratios::default(), Ratios::default()];
    let (address, pace) = (bench.shared.address, Pace { time: plan.slice, pause: Some(PAUSE) });
    for _ in 0..plan.rounds {
        for (name, ratios) in names.iter().zip(&mut ratios) {
            let callers = || match *name {
                "me" => bench.asking_me(CALLERS),
                _ => bench.introspecting(CALLERS),
            };
            let (idle, _) = load::run(address, callers(), pace).await?;
            let flood = async {
                let pace = Pace::full(RISING + plan.slice + RISING);
                load::run(address, bench.logging_in(), pace).await
            };
            let during = async {
                tokio::time::sleep(RISING).await;
                load::run(address, callers(), pace).await
            };
            let (_flood, (flooded, _)) = tokio::try_join!(flood, during)?;
            ratios.push(flooded.quantile(0.99) / idle.quantile(0.99));
        }
    }
    for (name, ratios) in names.iter().zip(&ratios) {
        let name = format!("{name}, p99 during a login flood / p99 idle");
        report.add(&name, ratios, Some(Aim::AtMost(3.0)));
    }
    Ok(())
}
