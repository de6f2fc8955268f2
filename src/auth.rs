//! All flows of a site under one path, `/auth` if not told otherwise.
//!
//! | path below the mount | flow |
//! | --- | --- |
//! | `/credentials/code`, `/credentials/code/init`, `/credentials/code/verify` | [`CodeFlow`] |
//! | `/action/init`, `/action` | [`ActionFlow`] |
//!
//! ```
//! use axum::Router;
//! use credential_code::{AuthFlows, ActionFlow, ActionPolicy, AuthRouter, CodeFlow, CodePolicy};
//!
//! # let site = credential_code::testing::site(&Default::default());
//! let actions = ActionFlow::new(&site, ActionPolicy::default())?;
//! let codes = CodeFlow::new(&site, CodePolicy::default())?.signed_by(&actions);
//! let flows = AuthFlows::new(codes).actions(actions);
//! let app: Router = Router::new().nest_service("/auth", AuthRouter::new(flows));
//! # drop(app);
//! # Ok::<(), credential_code::site::BuildError>(())
//! ```

use http::Response;

use crate::action::{ActionEndpoint, ActionFlow};
use crate::code::{CodeEndpoint, CodeFlow};
use crate::error::Error;
use crate::event::Step;
use crate::serve::{AnswerBody, Asked, Endpoint, Endpoints, FlowLayer, FlowRouter};
use crate::site::Site;

/// The endpoints of all flows of a site.
pub type AuthRouter = FlowRouter<AuthFlows>;

/// The endpoints of all flows of a site, in front of a service.
pub type AuthLayer = FlowLayer<AuthFlows>;

/// The flows of a site: the code flow, and the others as far as the site has them.
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthFlows {
    codes: CodeFlow,
    actions: Option<ActionFlow>,
}

impl AuthFlows {
    /// Starts with the code flow.
    pub fn new(codes: CodeFlow) -> Self {
        Self { codes, actions: None }
    }

    /// Adds user action signing.
    pub fn actions(self, actions: ActionFlow) -> Self {
        Self { actions: Some(actions), ..self }
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
        let below = below.strip_prefix("/action")?;
        self.actions.as_ref()?.endpoint(below).map(AuthEndpoint::Action)
    }

    fn site(&self, endpoint: AuthEndpoint) -> &Site {
        match (endpoint, &self.actions) {
            (AuthEndpoint::Code(endpoint), _) => Endpoints::site(&self.codes, endpoint),
            (AuthEndpoint::Action(endpoint), Some(actions)) => Endpoints::site(actions, endpoint),
            (AuthEndpoint::Action(_), None) => Endpoints::site(&self.codes, CodeEndpoint::Mint),
        }
    }

    async fn answer(
        &self,
        endpoint: AuthEndpoint,
        asked: &mut Asked<'_>,
        body: &[u8],
    ) -> Result<Response<AnswerBody>, Error> {
        match (endpoint, &self.actions) {
            (AuthEndpoint::Code(endpoint), _) => self.codes.answer(endpoint, asked, body).await,
            (AuthEndpoint::Action(endpoint), Some(actions)) => actions.answer(endpoint, asked, body).await,
            (AuthEndpoint::Action(_), None) => Err(Error::not_found()),
        }
    }
}
