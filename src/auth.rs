//! All flows of a site under one path: `/auth`, unless you set another.
//!
//! | path below the mount | flow |
//! | --- | --- |
//! | `/credentials/code`, `/credentials/code/init`, `/credentials/code/verify` | [`CodeFlow`] |
//! | `/credentials/enrolments` and below | [`CodeFlow`]: what the owner [sees and decides](crate::code#what-the-owner-sees-and-decides) |
//! | `/credentials`, `/credentials/init`, `/credentials/activate` and so on | [`ManageFlow`], if the site has management |
//! | `/action/init`, `/action` | [`ActionFlow`](crate::ActionFlow), if it signs the requests of the code flow |
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

use crate::code::CodeFlow;
use crate::error::Error;
use crate::event::Step;
use crate::manage::ManageFlow;
use crate::serve::{AnswerBody, Asked, Endpoints, FlowLayer, FlowRouter, Verb};
use crate::site::Site;

/// The endpoints of all flows of a site.
pub type AuthRouter = FlowRouter<AuthFlows>;

/// The endpoints of all flows of a site, in front of a service.
pub type AuthLayer = FlowLayer<AuthFlows>;

/// All flows of a site: the code flow and, if it demands user actions, the flow that signs them.
#[derive(Clone, Debug)]
#[must_use]
pub struct AuthFlows {
    codes: CodeFlow,
    manage: Option<ManageFlow>,
}

impl AuthFlows {
    /// Gathers the code flow and the flow that it is [signed by](CodeFlow::signed_by). If the site
    /// has [`management`](crate::site::SiteBuilder::management), it also serves the user's own
    /// credentials. Changes to them need the same proof as a mint.
    pub fn new(codes: CodeFlow) -> Self {
        let manage = ManageFlow::over(&codes);
        Self { codes, manage }
    }

    fn of_credentials(&self, below: &str) -> Option<&ManageFlow> {
        self.manage.as_ref().filter(|manage| !manage.steps(below).is_empty())
    }
}

impl Endpoints for AuthFlows {
    const MOUNT: &'static str = "/auth";

    fn steps(&self, below: &str) -> &'static [(Verb, Step)] {
        if let Some(below) = below.strip_prefix("/credentials") {
            return match self.codes.steps(below) {
                [] => self.of_credentials(below).map_or(&[], |manage| manage.steps(below)),
                steps => steps,
            };
        }
        match (self.codes.actions(), below.strip_prefix("/action")) {
            (Some(actions), Some(below)) => actions.steps(below),
            (_, _) => &[],
        }
    }

    fn site(&self) -> &Site {
        Endpoints::site(&self.codes)
    }

    async fn answer(&self, asked: &mut Asked<'_>, body: &[u8]) -> Result<Response<AnswerBody>, Error> {
        let Some(below) = asked.below().strip_prefix("/credentials") else {
            return match self.codes.actions() {
                Some(actions) => actions.answer(asked, body).await,
                None => Err(Error::not_found()),
            };
        };
        match self.of_credentials(below) {
            Some(manage) if self.codes.steps(below).is_empty() => manage.answer(asked, body).await,
            Some(_) | None => self.codes.answer(asked, body).await,
        }
    }
}
