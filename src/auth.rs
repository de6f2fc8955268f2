//! All flows of a site under one path, `/auth` if not told otherwise.
//!
//! | path below the mount | flow |
//! | --- | --- |
//! | `/credentials/code`, `/credentials/code/init`, `/credentials/code/verify` | [`CodeFlow`] |
//! | `/action/init`, `/action` | [`ActionFlow`](crate::ActionFlow), if the code flow is signed by one |
//!
//! ```
//! use axum::Router;
//! use credential_code::{AuthFlows, ActionFlow, ActionPolicy, AuthRouter, CodeFlow, CodePolicy};
//!
//! # let site = credential_code::testing::site(&Default::default());
//! let actions = ActionFlow::new(&site, ActionPolicy::default())?;
//! let codes = CodeFlow::new(&site, CodePolicy::default())?.signed_by(&actions)?;
//! let app: Router = Router::new().nest_service("/auth", AuthRouter::new(AuthFlows::new(codes)));
//! # drop(app);
//! # Ok::<(), credential_code::site::BuildError>(())
//! ```

use http::Response;

use crate::action::ActionEndpoint;
use crate::code::{CodeEndpoint, CodeFlow};
use crate::error::Error;
use crate::event::Step;
use crate::serve::{AnswerBody, Asked, Endpoint, Endpoints, FlowLayer, FlowRouter};
use crate::site::Site;

/// The endpoints of all flows of a site.
pub type AuthRouter = FlowRouter<AuthFlows>;

/// The endpoints of all flows of a site, in front of a service.
pub type AuthLayer = FlowLayer<AuthFlows>;

/// All flows of a site: the code flow and, if that demands user actions, the flow where they are signed.
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthFlows {
    codes: CodeFlow,
}

impl AuthFlows {
    /// Gathers the code flow, and the flow that it is [signed by](CodeFlow::signed_by).
    pub fn new(codes: CodeFlow) -> Self {
        Self { codes }
    }
}

/// An endpoint of one of the flows.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AuthEndpoint {
    Code(CodeEndpoint),
    Action(ActionEndpoint),
}

impl Endpoint for AuthEndpoint {
    fn step(self) -> Step {
        match self {
            Self::Code(endpoint) => endpoint.step(),
            Self::Action(endpoint) => endpoint.step(),
        }
    }
}

impl Endpoints for AuthFlows {
    type Endpoint = AuthEndpoint;

    const MOUNT: &'static str = "/auth";

    fn endpoint(&self, below: &str) -> Option<AuthEndpoint> {
        if let Some(below) = below.strip_prefix("/credentials") {
            return self.codes.endpoint(below).map(AuthEndpoint::Code);
        }
        self.codes.actions()?.endpoint(below.strip_prefix("/action")?).map(AuthEndpoint::Action)
    }

    fn site(&self) -> &Site {
        Endpoints::site(&self.codes)
    }

    async fn answer(
        &self,
        endpoint: AuthEndpoint,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        match (endpoint, self.codes.actions()) {
            (AuthEndpoint::Code(endpoint), _) => self.codes.answer(endpoint, asked, body).await,
            (AuthEndpoint::Action(endpoint), Some(actions)) => actions.answer(endpoint, asked, body).await,
            (AuthEndpoint::Action(_), None) => Err(Error::not_found()),
        }
    }
}
