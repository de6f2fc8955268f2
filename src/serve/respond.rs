use http::{Request, Response};
use http_body::Body;

use crate::error::{BoxError, Error};
use crate::event::Step;
use crate::serve::answer::{AnswerBody, refusal};
use crate::serve::endpoints::{Asked, Endpoints};
use crate::serve::mount::Mount;
use crate::serve::request::read_json;

/// The step that a request is for, and its path below the mount.
pub(super) struct Found {
    step: Step,
    /// The path below the mount begins here in the request's own.
    below: usize,
}

/// Finds the step of a full path.
pub(super) fn find<F: Endpoints>(flow: &F, mount: &Mount, path: &str) -> Option<Found> {
    found(flow, path, mount.below(path)?)
}

/// Finds the step of a full path, or of one from which a router stripped the mount.
pub(super) fn find_nested<F: Endpoints>(flow: &F, mount: &Mount, path: &str) -> Option<Found> {
    find(flow, mount, path).or_else(|| found(flow, path, Mount::below_stripped(path)))
}

fn found<F: Endpoints>(flow: &F, path: &str, below: &str) -> Option<Found> {
    flow.step(below).map(|step| Found { step, below: path.len() - below.len() })
}

/// Answers any request.
pub(super) async fn respond<F, B>(
    flow: F,
    mount: Mount,
    found: Option<Found>,
    request: Request<B>,
) -> Response<AnswerBody>
where
    F: Endpoints,
    B: Body + Send,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let Some(Found { step, below }) = found else {
        return refusal(Error::not_found());
    };
    let (head, body) = request.into_parts();
    let site = flow.site();
    let below = &head.uri.path()[below..];
    let source = site.source_of(&head);
    let mut asked = Asked { mount: &mount, below, head: &head, site, step, user: None, source };
    let answer = async {
        let body = read_json(&head, body, site.limits(), site.clock()).await?;
        flow.answer(&mut asked, &body).await
    };
    #[cfg(feature = "tracing")]
    let answer = {
        use tracing::Instrument as _;
        answer.instrument(tracing::info_span!("credential_code", step = step.as_str()))
    };
    match answer.await {
        Ok(response) => response,
        // The flow has told of what it refused. This tells of what it never heard of.
        Err(error) => refusal(site.refuse(asked.asking(), error)),
    }
}
