//! Login and signup beside bare bcrypt.

use crate::callers::Newcomers;
use crate::load::{self, Pace};
use crate::report::{Aim, Report};
use crate::setup::{Bench, USERS};
use crate::{Outcome, Plan, Ratios, bare};

/// Hashes take a quarter of a second, so a slice has to be longer than elsewhere to count enough of them.
const LONGER: u32 = 2;

/// Measures it.
pub async fn measure(bench: &Bench, plan: Plan, report: &mut Report) -> Outcome<()> {
    let time = plan.slice * LONGER;
    let (mut login, mut signup) = (Ratios::default(), Ratios::default());
    let mut before = bare::bcrypt_rate(time).await?;
    for _ in 0..plan.rounds {
        let (logins, _) = load::run(bench.shared.address, bench.logging_in(), Pace::full(time)).await?;
        let between = bare::bcrypt_rate(time).await?;
        let newcomers = (0..USERS).map(|_| Newcomers::of(&bench.application)).collect();
        let (signups, _) = load::run(bench.shared.address, newcomers, Pace::full(time)).await?;
        let after = bare::bcrypt_rate(time).await?;
        login.push(logins.rate() / f64::midpoint(before, between));
        signup.push(signups.rate() / f64::midpoint(between, after));
        before = after;
    }
    report.add("login / bare bcrypt, rate", &login, Some(Aim::AtLeast(0.97)));
    report.add("signup / bare bcrypt, rate", &signup, None);
    Ok(())
}
