use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use crate::serve::{AnswerBody, ResponseBody};

/// An answer in progress: the response future of a [`FlowRouter`](super::FlowRouter).
///
/// It is boxed because an `async fn` has no name.
#[must_use = "futures do nothing unless they are polled"]
pub struct AnswerFuture(Pin<Box<dyn Future<Output = Response<AnswerBody>> + Send>>);

impl AnswerFuture {
    pub(super) fn new(answer: impl Future<Output = Response<AnswerBody>> + Send + 'static) -> Self {
        Self(Box::pin(answer))
    }
}

impl Future for AnswerFuture {
    type Output = Result<Response<AnswerBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx).map(Ok)
    }
}

impl fmt::Debug for AnswerFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerFuture").finish_non_exhaustive()
    }
}

pin_project! {
    /// The response future of a [`FlowService`](super::FlowService).
    ///
    /// It boxes only the answers of the endpoints. So the future of a request that passes does not
    /// grow to the size of a flow.
    #[must_use = "futures do nothing unless they are polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        kind: Kind<F>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<F> {
        Inner { #[pin] future: F },
        Own { #[pin] answer: AnswerFuture },
    }
}

impl<F> ResponseFuture<F> {
    pub(super) fn inner(future: F) -> Self {
        Self { kind: Kind::Inner { future } }
    }

    pub(super) fn own(answer: AnswerFuture) -> Self {
        Self { kind: Kind::Own { answer } }
    }
}

impl<F, R, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<ResponseBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match self.project().kind.project() {
            KindProjection::Inner { future } => ready!(future.poll(cx)).map(|it| it.map(ResponseBody::inner)),
            KindProjection::Own { answer } => {
                let Ok(response) = ready!(answer.poll(cx));
                Ok(response.map(ResponseBody::own))
            }
        })
    }
}

impl<F> fmt::Debug for ResponseFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whose = match self.kind {
            Kind::Inner { .. } => "Inner",
            Kind::Own { .. } => "Own",
        };
        f.debug_tuple("ResponseFuture").field(&format_args!("{whose}")).finish()
    }
}
