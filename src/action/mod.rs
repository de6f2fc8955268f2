//! User action signing: an existing credential signs the very request that a user is about to make.
//!
//! Minting a code is as good as adding a credential, so a bearer token alone should not be enough for it. [`UserActions`] is an
//! [`Authenticator`](crate::Authenticator) around the host's own, which also demands a *user action*; [`ActionFlow`] is where users get
//! one:
//!
//! | path, with the default mount | what it does |
//! | --- | --- |
//! | `/auth/action/init` | a signed-in user names a request, and gets a challenge |
//! | `/auth/action` | the challenge, signed by one of their credentials, buys a user action |
//!
//! 1. **A user action is for one request**: this user, this method, this path, and the JSON value of this body. Spacing, the order of
//!    members and the notation of numbers do not count, since clients write a body twice and not always alike. A body without
//!    bytes is `{}`; one that is not JSON is bound byte for byte.
//! 2. **It is spent by that request, once**, and only by that: its store address is made of the request, so another request finds nothing and
//!    spends nothing. Of any number of racing requests one is let in.
//! 3. **It lives a minute**, the challenge before it five.
//! 4. **Only the caller's own, active credentials sign**: passkeys, keys and password-protected keys. A recovery key never does.
//! 5. **One answer for every action that does not work**, and a budget of misses for each user. There is no budget for everybody together:
//!    who asks is signed in, and the secrets can't be guessed, so it would only be a way to lock others out.
//! 6. **What was not the caller's fault is put back**, as in the [code's flow](crate::flow), until the action is redeemed: that is final, whatever
//!    becomes of the request behind it.
//!
//! # Examples
//!
//! The same store types, clock and listener serve both flows; the host's own authenticator is asked for the bearer token everywhere.
//!
//! ```
//! use std::sync::Arc;
//!
//! use axum::Router;
//! use credential_code::testing::{MemoryHost, flow_builder};
//! use credential_code::{ActionFlow, ActionRouter, CodeRouter, RelyingParty, UserActions};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Arc::new(MemoryHost::default());
//! let actions = ActionFlow::builder()
//!     .host(host.clone())
//!     .relying_party(RelyingParty::new("example.com", "Example", ["https://app.example.com"])?)
//!     .events(|event| println!("{event:?}"))
//!     .build()?;
//! let flow = flow_builder(&host)
//!     .authenticator(Arc::new(UserActions::new(host.clone(), actions.clone())))
//!     .build()?;
//!
//! let app: Router = Router::new()
//!     .nest_service("/auth/action", ActionRouter::new(actions))
//!     .nest_service("/auth/credentials", CodeRouter::new(flow));
//! # drop(app);
//! # Ok(())
//! # }
//! ```

mod builder;
mod endpoint;
mod flow;
mod request;
mod user_actions;
mod wire;

pub use self::builder::ActionFlowBuilder;
pub use self::flow::{ActionChallenge, ActionFlow, SignedAction};
pub use self::request::ActionRequest;
pub use self::user_actions::UserActions;
use crate::layer::FlowLayer;
use crate::router::FlowRouter;

/// The endpoints of user action signing, under `/auth/action` if not told otherwise.
pub type ActionRouter = FlowRouter<ActionFlow>;

/// The endpoints of user action signing, under `/auth/action` if not told otherwise, in front of a service.
pub type ActionLayer = FlowLayer<ActionFlow>;
