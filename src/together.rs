//! Questions that do not depend on each other's answers.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// Waits for two answers at the same time.
pub(crate) fn both<A: Future, B: Future>(a: A, b: B) -> Both<A, B> {
    Both { a, b, of_a: None, of_b: None }
}

pin_project! {
    /// Polls two futures in place. An `async fn` would hold each of them twice.
    #[must_use = "futures do nothing unless they are polled"]
    pub(crate) struct Both<A: Future, B: Future> {
        #[pin]
        a: A,
        #[pin]
        b: B,
        of_a: Option<A::Output>,
        of_b: Option<B::Output>,
    }
}

impl<A: Future, B: Future> Future for Both<A, B> {
    type Output = (A::Output, B::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.of_a.is_none()
            && let Poll::Ready(answer) = this.a.poll(cx)
        {
            *this.of_a = Some(answer);
        }
        if this.of_b.is_none()
            && let Poll::Ready(answer) = this.b.poll(cx)
        {
            *this.of_b = Some(answer);
        }
        match (this.of_a.take(), this.of_b.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (*this.of_a, *this.of_b) = (a, b);
                Poll::Pending
            }
        }
    }
}

/// Does something, and asks a question meanwhile. If the deed fails, the answer is not needed. A
/// deed that fails at once asks nothing. One that fails later hands back the answer that came
/// meanwhile.
pub(crate) async fn meanwhile<T, E, B: Future>(
    doing: impl Future<Output = Result<T, E>>,
    question: B,
) -> Result<B::Output, (E, Option<B::Output>)> {
    let mut doing = pin!(doing);
    match poll_fn(|cx| Poll::Ready(doing.as_mut().poll(cx))).await {
        Poll::Ready(Ok(_)) => Ok(question.await),
        Poll::Ready(Err(error)) => Err((error, None)),
        Poll::Pending => match both(doing, question).await {
            (Ok(_), answer) => Ok(answer),
            (Err(error), answer) => Err((error, Some(answer))),
        },
    }
}
