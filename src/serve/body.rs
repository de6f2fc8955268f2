use std::fmt;
use std::future::{Future, poll_fn};
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http_body::Body;
use zeroize::Zeroize;

use crate::clock::{Clock, Sleep};
use crate::error::BoxError;

/// How many frames one poll takes before it lets other tasks run and looks at the deadline.
///
/// Some bodies always have a frame ready, if only an empty one. Without a bound, such a body would
/// never release its thread.
const FRAMES_PER_POLL: usize = 64;

/// The reason why a body could not be read.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It is longer than the limit, or says that it will be.
    TooLarge,
    /// It was not complete at the deadline.
    TimedOut,
    /// The connection failed.
    Broken(BoxError),
}

/// A whole body. It may hold a code or a password, so it is wiped when it is dropped. There is one
/// exception: bytes that somebody else still holds. A body that came in one piece may lie in the
/// connection's own buffer.
pub(super) struct WholeBody(Bytes);

impl Deref for WholeBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WholeBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WholeBody({} bytes)", self.0.len())
    }
}

impl Drop for WholeBody {
    fn drop(&mut self) {
        wipe(std::mem::take(&mut self.0));
    }
}

/// Overwrites bytes that nobody else holds.
fn wipe(bytes: Bytes) {
    if let Ok(mut own) = bytes.try_into_mut() {
        own.as_mut().zeroize();
    }
}

/// Reads a whole body of at most `limit` bytes.
///
/// The deadline counts from the first poll, whatever arrives in between. So a caller who sends one
/// byte at a time gains nothing. A body that is complete at the first poll costs no timer. A body
/// in a single frame costs no copy.
pub(super) async fn read<B>(
    body: B,
    declared_length: Option<u64>,
    limit: usize,
    deadline: Duration,
    clock: &dyn Clock,
) -> Result<WholeBody, BodyError>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    let expected = body.size_hint().lower().max(declared_length.unwrap_or(0));
    if usize::try_from(expected).map_or(true, |expected| expected > limit) {
        return Err(BodyError::TooLarge);
    }
    let mut body = pin!(body);
    let mut collected = Collected::default();
    let mut timer: Option<Sleep> = None;
    poll_fn(|cx| {
        if let Poll::Ready(outcome) = poll_frames(body.as_mut(), &mut collected, limit, cx) {
            return Poll::Ready(outcome.map(|()| collected.take_whole()));
        }
        // Every first poll that does not finish comes by here, so the first poll starts this timer.
        let timer = timer.get_or_insert_with(|| clock.sleep(deadline));
        Pin::new(timer).poll(cx).map(|()| Err(BodyError::TimedOut))
    })
    .await
}

/// Takes the frames that are there, up to [`FRAMES_PER_POLL`]. Returns `Ready` when the body has
/// ended or must not go on.
fn poll_frames<B>(
    mut body: Pin<&mut B>,
    collected: &mut Collected,
    limit: usize,
    cx: &mut Context<'_>,
) -> Poll<Result<(), BodyError>>
where
    B: Body,
    B::Error: Into<BoxError>,
{
    for _ in 0..FRAMES_PER_POLL {
        match body.as_mut().poll_frame(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(None) => return Poll::Ready(Ok(())),
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(BodyError::Broken(error.into()))),
            Poll::Ready(Some(Ok(frame))) => {
                // A frame that is not data is trailers, which mean nothing here.
                if let Ok(data) = frame.into_data() {
                    if data.remaining() > limit - collected.len() {
                        return Poll::Ready(Err(BodyError::TooLarge));
                    }
                    collected.push(data);
                }
            }
        }
    }
    // The body may have more, and will wake nobody for it.
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// The bytes read so far: the first frame unchanged, and a buffer only from the second frame on.
#[derive(Default)]
struct Collected {
    first: Bytes,
    joined: BytesMut,
}

impl Collected {
    fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    fn push(&mut self, mut data: impl Buf) {
        if self.len() == 0 {
            // `Bytes` hands over its buffer here instead of copying.
            self.first = data.copy_to_bytes(data.remaining());
            return;
        }
        self.make_room(self.first.len() + data.remaining());
        self.joined.extend_from_slice(&self.first);
        wipe(std::mem::take(&mut self.first));
        self.joined.put(data);
    }

    /// Does what `reserve` does, without leaving a copy behind.
    fn make_room(&mut self, more: usize) {
        let needed = self.joined.len() + more;
        if needed > self.joined.capacity() {
            let mut larger = BytesMut::with_capacity(needed.next_power_of_two());
            larger.extend_from_slice(&self.joined);
            self.joined.as_mut().zeroize();
            self.joined = larger;
        }
    }

    fn take_whole(&mut self) -> WholeBody {
        let (first, joined) = (std::mem::take(&mut self.first), std::mem::take(&mut self.joined));
        WholeBody(if joined.is_empty() { first } else { joined.freeze() })
    }
}

/// Wipes the parts of a body that never became whole.
impl Drop for Collected {
    fn drop(&mut self) {
        drop(self.take_whole());
    }
}

#[cfg(test)]
#[path = "../../tests/unit/body.rs"]
mod tests;
