use super::*;
use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    task::{Context, Poll, Waker},
};

/// A job that holds its thread until it is let go, and the means to do so.
fn blocker() -> (impl FnOnce() + Send + 'static, mpsc::Sender<()>, mpsc::Receiver<()>) {
    let (go, gate) = mpsc::channel::<()>();
    let (began, begun) = mpsc::channel();
    let job = move || {
        began.send(()).unwrap();
        // An error is the test having gone, which lets go as well.
        let _ended = gate.recv();
    };
    (job, go, begun)
}

fn poll_once<T>(future: Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_job_gives_its_result() {
    let pool = Pool::start(2, SECOND, SECOND);
    assert_eq!(pool.run(|| 6 * 7).await, Ok(42));
}

#[tokio::test]
async fn the_queue_holds_what_can_be_done_in_time_and_no_more() {
    // Two threads, jobs of half a second, two seconds of patience: eight may wait.
    let pool = Pool::start(2, 2 * SECOND, SECOND / 2);
    let (first, go_first, begun_first) = blocker();
    let (second, go_second, begun_second) = blocker();
    let (mut first, mut second) = (pin!(pool.run(first)), pin!(pool.run(second)));
    assert!(poll_once(first.as_mut()).is_pending());
    assert!(poll_once(second.as_mut()).is_pending());
    begun_first.recv().unwrap();
    begun_second.recv().unwrap();

    let mut waiting: Vec<_> = (0..8).map(|number| Box::pin(pool.run(move || number))).collect();
    for future in &mut waiting {
        assert!(poll_once(future.as_mut()).is_pending());
    }
    assert_eq!(pool.queued(), 8);
    assert_eq!(pool.run(|| ()).await, Err(Busy { retry_after: 2 * SECOND }));

    go_first.send(()).unwrap();
    go_second.send(()).unwrap();
    for (number, future) in waiting.into_iter().enumerate() {
        assert_eq!(future.await, Ok(number));
    }
    assert_eq!(first.await, Ok(()));
}

#[tokio::test]
async fn the_places_follow_the_time_jobs_really_take() {
    // Believed to take ten seconds, so one may wait; found to take next to nothing.
    let pool = Pool::start(1, SECOND, 10 * SECOND);
    let full = |pool: &Pool| pool.shared.is_full(&State { running: 1, queue: one_job(), ..sketch(pool) });
    assert!(full(&pool));
    for _ in 0..30 {
        pool.run(|| ()).await.unwrap();
    }
    // The thread notes the time after it has answered: one more answer means that the one before is noted.
    pool.run(|| ()).await.unwrap();
    assert!(!full(&pool));
}

fn one_job() -> VecDeque<(Instant, Box<dyn Job>)> {
    let (answer, _) = oneshot::channel();
    VecDeque::from([(Instant::now(), Box::new(Task { work: || (), answer }) as Box<dyn Job>)])
}

fn sketch(pool: &Pool) -> State {
    let state = pool.shared.lock();
    State { queue: VecDeque::new(), running: state.running, job_time: state.job_time, ended: state.ended }
}

#[tokio::test]
async fn an_idle_thread_takes_work_even_if_jobs_are_slower_than_patience() {
    let pool = Pool::start(1, Duration::ZERO, SECOND);
    assert_eq!(pool.run(|| 1).await, Ok(1));
}

#[tokio::test]
async fn work_nobody_waits_for_is_not_done_and_holds_no_place() {
    let pool = Pool::start(1, SECOND, SECOND);
    let (block, go, begun) = blocker();
    let mut blocked = pin!(pool.run(block));
    assert!(poll_once(blocked.as_mut()).is_pending());
    begun.recv().unwrap();

    let done = Arc::new(AtomicU32::new(0));
    let count = |done: &Arc<AtomicU32>| {
        let done = Arc::clone(done);
        move || done.fetch_add(1, Ordering::SeqCst)
    };
    let mut gone = Box::pin(pool.run(count(&done)));
    assert!(poll_once(gone.as_mut()).is_pending());
    assert!(pool.run(|| ()).await.is_err(), "the one place is taken");
    drop(gone);
    let mut next = pin!(pool.run(count(&done)));
    assert!(poll_once(next.as_mut()).is_pending(), "the place of the one who left is free");

    go.send(()).unwrap();
    assert_eq!(next.await, Ok(0), "no other count came before");
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_occupied_pool_is_busy_until_it_is_let_go() {
    let pool = Pool::start(2, SECOND, SECOND / 4);
    let occupied = pool.occupy().await.unwrap();
    assert_eq!(pool.queued(), 8, "and a job on each thread");
    for _ in 0..20 {
        assert!(pool.run(|| ()).await.is_err());
    }
    assert!(pool.occupy().await.is_err());
    drop(occupied);
    assert_eq!(pool.run(|| 1).await, Ok(1));
}

#[tokio::test]
async fn everything_else_goes_on_while_jobs_wait() {
    let pool = Arc::new(Pool::start(1, 10 * SECOND, SECOND));
    let (block, go, begun) = blocker();
    let blocked = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run(block).await }
    });
    tokio::task::yield_now().await;
    begun.recv().unwrap();
    let waiting = tokio::spawn(async move { pool.run(|| ()).await });
    // One async thread only: were it held by a job, this would never be reached, let alone a thousand times.
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!blocked.is_finished() && !waiting.is_finished());
    go.send(()).unwrap();
    assert_eq!(waiting.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_panic_reaches_the_one_who_asked_and_nobody_else() {
    let pool = Arc::new(Pool::start(1, SECOND, SECOND));
    let asked = tokio::spawn({
        let pool = Arc::clone(&pool);
        async move { pool.run::<()>(|| panic!("on purpose")).await }
    });
    assert!(asked.await.unwrap_err().is_panic());
    assert_eq!(pool.run(|| 1).await, Ok(1));
}

#[test]
fn threads_end_with_the_pool() {
    let pool = Pool::start(2, SECOND, SECOND);
    let shared = Arc::downgrade(&pool.shared);
    drop(pool);
    let patience = Instant::now();
    while shared.strong_count() > 0 {
        assert!(patience.elapsed() < 10 * SECOND, "the threads are still there");
        thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn jobs_let_everything_else_go_first() {
    let nice = || rustix::process::getpriority_process(None).unwrap();
    let pool = Pool::start(1, SECOND, SECOND);
    assert_eq!(pool.run(nice).await, Ok((nice() + NICE).min(19)));
}
