//! Answers that must not tell by their time whether there is such a user.

use std::time::Duration;

/// Longer than what is done for a user who exists takes (a few milliseconds of Postgres), so that both take this long.
const FLOOR: Duration = Duration::from_millis(100);

/// Runs `work` and answers no earlier than [`FLOOR`] after it began.
pub async fn even_time<T>(work: impl Future<Output = T>) -> T {
    let (answer, ()) = tokio::join!(work, tokio::time::sleep(FLOOR));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn quick_work_takes_as_long_as_slow_work() {
        let began = tokio::time::Instant::now();
        even_time(async {}).await;
        let quick = began.elapsed();

        let began = tokio::time::Instant::now();
        even_time(tokio::time::sleep(FLOOR / 2)).await;

        assert_eq!(quick, began.elapsed());
    }
}
