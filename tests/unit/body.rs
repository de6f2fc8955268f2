//! Reading a body: its bound, its deadline, its frames.

use http_body::Frame;

use super::*;
use crate::testing::ManualClock;

type Next = Poll<Option<Result<Frame<Bytes>, BoxError>>>;

struct Scripted<F>(F);

impl<F: FnMut() -> Next + Unpin> Body for Scripted<F> {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Next {
        (self.0)()
    }
}

fn data(bytes: &'static [u8]) -> Next {
    Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(bytes)))))
}

/// Reads at most 4 bytes in 10 seconds. It polls again and again, so that an endless body shows.
fn run(clock: &ManualClock, script: impl FnMut() -> Next + Unpin) -> Result<WholeBody, BodyError> {
    let mut reading = pin!(read(Scripted(script), None, 4, Duration::from_secs(10), clock));
    let polled = (0..1000).map(|_| reading.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop())));
    match polled.into_iter().find(Poll::is_ready) {
        Some(Poll::Ready(outcome)) => outcome,
        _ => panic!("the body is never given up"),
    }
}

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_unread() {
    let clock = ManualClock::new();
    let unread = Scripted(|| panic!("the body is read"));
    let outcome = read(unread, Some(5), 4, Duration::from_secs(10), &clock).await;
    assert!(matches!(outcome, Err(BodyError::TooLarge)), "{outcome:?}");
    let hinted = http_body_util::Full::new(Bytes::from_static(b"12345"));
    let outcome = read(hinted, None, 4, Duration::from_secs(10), &clock).await;
    assert!(matches!(outcome, Err(BodyError::TooLarge)), "{outcome:?}");
}

#[test]
fn frames_over_the_limit_are_refused_and_frames_up_to_it_are_joined() {
    let mut frames = [data(b"12"), data(b"34"), data(b"5")].into_iter();
    let outcome = run(&ManualClock::new(), || frames.next().unwrap());
    assert!(matches!(outcome, Err(BodyError::TooLarge)), "{outcome:?}");
    let trailers = Poll::Ready(Some(Ok(Frame::trailers(http::HeaderMap::new()))));
    let mut frames = [data(b"1"), data(b""), data(b"23"), data(b"4"), trailers].into_iter();
    let outcome = run(&ManualClock::new(), || frames.next().unwrap_or(Poll::Ready(None)));
    assert_eq!(&*outcome.unwrap(), b"1234");
}

#[test]
fn a_single_frame_is_handed_on_without_a_copy() {
    let whole = Bytes::from_static(b"1234");
    let mut frames = [Poll::Ready(Some(Ok(Frame::data(whole.clone())))), Poll::Ready(None)].into_iter();
    let outcome = run(&ManualClock::new(), || frames.next().unwrap());
    assert_eq!(outcome.unwrap().as_ptr(), whole.as_ptr());
}

#[test]
fn one_byte_at_a_time_does_not_move_the_deadline() {
    let (clock, mut polls) = (ManualClock::new(), 0);
    let started = clock.now();
    let outcome = run(&clock, || {
        polls += 1;
        clock.advance(Duration::from_secs(4));
        if polls % 2 == 0 { data(b"1") } else { Poll::Pending }
    });
    assert!(matches!(outcome, Err(BodyError::TimedOut)), "{outcome:?}");
    assert!(clock.now() < started + Duration::from_secs(30));
}

#[tokio::test]
async fn a_silent_body_is_given_up_at_the_deadline() {
    let clock = ManualClock::new();
    let reading = read(Scripted(|| Poll::Pending), None, 4, Duration::from_secs(10), &clock);
    let (outcome, ()) = tokio::join!(reading, async { clock.advance(Duration::from_secs(10)) });
    assert!(matches!(outcome, Err(BodyError::TimedOut)), "{outcome:?}");
}

#[test]
fn endless_empty_frames_are_given_up_at_the_deadline() {
    let clock = ManualClock::new();
    let outcome = run(&clock, || {
        clock.advance(Duration::from_millis(1));
        data(b"")
    });
    assert!(matches!(outcome, Err(BodyError::TimedOut)), "{outcome:?}");
}

#[test]
fn a_broken_connection_keeps_its_reason() {
    let outcome = run(&ManualClock::new(), || Poll::Ready(Some(Err("reset".into()))));
    assert!(matches!(outcome, Err(BodyError::Broken(reason)) if reason.to_string() == "reset"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_body_is_wiped_when_it_is_dropped_and_when_it_moves() {
    let secret = b"a code of a person ".repeat(10);
    let own = || (Bytes::from(secret.clone()), Collected::default());

    let (whole, _) = own();
    let address = whole.as_ptr().addr();
    crate::wiping::assert_wiped(WholeBody(whole), address, &secret);

    let (frame, mut collected) = own();
    let address = frame.as_ptr().addr();
    collected.push(frame);
    crate::wiping::assert_wiped(collected, address, &secret);

    // The second frame moves the first, and a third moves both.
    let (frame, mut collected) = own();
    let address = frame.as_ptr().addr();
    collected.push(frame);
    let mut moved = |address| {
        crate::wiping::assert_wiped_by(|| collected.push(&secret[..]), address, &secret);
        collected.joined.as_ptr().addr()
    };
    let joined = moved(address);
    moved(joined);
}
