//! A node that does nothing: how soon it is ready, and what memory it holds.

use std::time::Duration;

use devauth_test_support::database::redis_url;

use crate::node::{Kind, Server};
use crate::report::{Aim, Report};
use crate::setup::Bench;
use crate::{Outcome, Plan, Ratios, cpu};

/// After its start a node still opens connections and looks for work.
const SETTLING: Duration = Duration::from_secs(2);

/// Measures it.
pub async fn measure(bench: &Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let (mut ready, mut memory, mut own) = (Ratios::default(), Ratios::default(), Ratios::default());
    let redis = redis_url();
    let kind = Kind { redis_url: Some(&redis), ..Kind::default() };
    for _ in 0..plan.rounds * 2 {
        let node = Server::node(&bench.common, kind).await?;
        ready.push(node.took.as_secs_f64() * 1e3);
    }
    let node = Server::node(&bench.common, kind).await?;
    tokio::time::sleep(SETTLING).await;
    let (resident, anonymous) = cpu::resident(node.pid()?)?;
    memory.push(resident);
    own.push(anonymous);
    report.add("start to ready, existing database (ms)", &ready, Some(Aim::Under(100.0)));
    report.add("idle node, resident memory (MB)", &memory, Some(Aim::Under(20.0)));
    report.add("idle node, of that not pages of the program's file (MB)", &own, None);
    Ok(())
}
