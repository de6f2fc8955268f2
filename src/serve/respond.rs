use std::time::Instant;

use http::header::ALLOW;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::Body;

use crate::error::{BoxError, Error, ErrorKind};
use crate::event::{Event, Step};
use crate::serve::answer::{AnswerBody, refusal};
use crate::serve::endpoints::{Asked, Endpoints, Verb};
use crate::serve::mount::Mount;
use crate::serve::request::read_body;

/// The steps of a request's path, and the path below the mount.
pub(super) struct Found {
    steps: &'static [(Verb, Step)],
    /// Where the path below the mount begins in the request's own path.
    below: usize,
}

/// Finds the steps of a full path.
pub(super) fn find<F: Endpoints>(flow: &F, mount: &Mount, path: &str) -> Option<Found> {
    found(flow, path, mount.below(path)?)
}

/// Finds the steps of a full path, or of a path from which a router stripped the mount.
pub(super) fn find_nested<F: Endpoints>(flow: &F, mount: &Mount, path: &str) -> Option<Found> {
    find(flow, mount, path).or_else(|| found(flow, path, Mount::below_stripped(path)))
}

fn found<F: Endpoints>(flow: &F, path: &str, below: &str) -> Option<Found> {
    let steps = flow.steps(below);
    (!steps.is_empty()).then(|| Found { steps, below: path.len() - below.len() })
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
    let Some(Found { steps, below }) = found else {
        return refusal(Error::not_found());
    };
    let asked = steps.iter().copied().find(|(verb, _)| verb.as_str() == request.method().as_str());
    // A refusal of another method is reported under the first step.
    let Some((verb, step)) = asked.or(steps.first().copied()) else {
        return refusal(Error::not_found());
    };
    let began = Instant::now();
    let (head, body) = request.into_parts();
    let site = flow.site();
    let below = &head.uri.path()[below..];
    let source = site.source_of(&head);
    let mut asked = Asked { mount: &mount, below, head: &head, site, step, user: None, source };
    let answer = async {
        let answering = async {
            check_method(&head.method, steps)?;
            let body = read_body(verb, &head, body, site.limits(), site.clock()).await?;
            flow.answer(&mut asked, &body).await
        };
        let (response, refused) = match answering.await {
            Ok(response) => (response, None),
            // The flow has reported its own refusals. This reports those that the flow never saw.
            Err(error) => {
                let refused = Some(error.kind());
                let mut response = refusal(site.refuse(asked.asking(), error));
                if response.status() == StatusCode::METHOD_NOT_ALLOWED {
                    let allowed = HeaderValue::try_from(methods(steps));
                    response.headers_mut().extend(allowed.map(|allowed| (ALLOW, allowed)));
                }
                (response, refused)
            }
        };
        site.tell(&Event::Answered { step, refused, elapsed: began.elapsed() });
        response
    };
    #[cfg(feature = "tracing")]
    let answer = {
        use tracing::Instrument as _;
        answer.instrument(tracing::info_span!(
            "credential_code",
            step = step.as_str(),
            enrolment = tracing::field::Empty
        ))
    };
    answer.await
}

fn check_method(method: &Method, steps: &[(Verb, Step)]) -> Result<(), Error> {
    match steps.iter().any(|(verb, _)| verb.as_str() == method.as_str()) {
        true => Ok(()),
        false => Err(Error::new(ErrorKind::MethodNotAllowed, format!("Use {}.", methods(steps)))),
    }
}

fn methods(steps: &[(Verb, Step)]) -> String {
    steps.iter().map(|(verb, _)| verb.as_str()).collect::<Vec<_>>().join(", ")
}
