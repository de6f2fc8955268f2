use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::code::{CodeFlow, MintRequest};
use crate::encoding::rfc3339;
use crate::error::Error;
use crate::model::Invalid;

/// The greatest error of a client's clock that is tolerated.
const SKEW: Duration = Duration::from_secs(5);
/// From here on a number counts milliseconds. As seconds it would be in the year 5138.
const FIRST_MILLISECONDS: u64 = 100_000_000_000;

/// The time at which a client wants its code to expire, not yet checked against the clock.
///
/// ```
/// use credential_code::code::Expiration;
///
/// let text = Expiration::from_rfc3339("2026-03-01T12:00:00.5+01:00").unwrap();
/// assert_eq!(text, Expiration::from_unix(1_772_362_800_500).unwrap());
/// assert!(Expiration::from_rfc3339("2026-02-30T12:00:00Z").is_err());
/// ```
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Expiration(SystemTime);

impl Expiration {
    /// Reads RFC 3339 text with any fraction and any offset. The offset is required.
    pub fn from_rfc3339(text: &str) -> Result<Self, Invalid> {
        rfc3339::parse(text)
            .map(Self)
            .ok_or(Invalid::new("expiration is not a date and time with an offset (RFC 3339)"))
    }

    /// Reads Unix time: seconds, or milliseconds from 10^11 on.
    pub fn from_unix(number: u64) -> Result<Self, Invalid> {
        let since = match number {
            0 => return Err(Invalid::new("expiration is not positive")),
            FIRST_MILLISECONDS.. => Duration::from_millis(number),
            _ => Duration::from_secs(number),
        };
        UNIX_EPOCH.checked_add(since).map(Self).ok_or(Invalid::new("expiration is too far away"))
    }
}

/// Says what happens if a client asks for a longer code lifetime than it may have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum LateExpiration {
    /// The request is refused, so a client learns of its mistake.
    #[default]
    Refused,
    /// The code lives as long as it may, and the answer says until when. So a client whose clock is
    /// wrong still gets a code.
    Shortened,
}

impl CodeFlow {
    /// Returns when a code will really expire, in whole milliseconds. The requested time must not
    /// be past, nor further away than a code may live. A time too far away is shortened if the skew
    /// is at most five seconds, or if the policy says so.
    pub(super) fn code_expiry(&self, request: &MintRequest) -> Result<SystemTime, Error> {
        let Expiration(wanted) = request.expiration;
        let now = self.site().now();
        let lifetime = self.inner.policy.code_lifetime;
        let latest = now + lifetime;
        if wanted < now - SKEW {
            return Err(Error::invalid_request("expiration is in the past"));
        }
        if wanted > latest + SKEW {
            match self.inner.policy.late_expiration {
                LateExpiration::Refused => {
                    let limit = lifetime.as_secs();
                    let rule = format!("expiration is more than {limit} seconds away");
                    return Err(Error::invalid_request(rule));
                }
                LateExpiration::Shortened => {}
            }
        }
        Ok(whole_millis(wanted.min(latest)))
    }
}

/// Rounds a time to the precision of answers.
pub(super) fn whole_millis(time: SystemTime) -> SystemTime {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    UNIX_EPOCH + Duration::new(since.as_secs(), since.subsec_millis() * 1_000_000)
}
