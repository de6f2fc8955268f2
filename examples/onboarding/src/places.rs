use std::error::Error;
use std::io::ErrorKind;
use std::net::IpAddr;

use axum::http::header;
use axum::http::request::Parts;
use credential_code::RelyingParty;
use credential_code::model::{Invalid, Origin};
use tokio::net::TcpListener;

/// The origins of the two apps, and the relying party of each origin.
#[derive(Debug)]
pub(crate) struct Places {
    app1: String,
    origins: Vec<String>,
    parties: Vec<RelyingParty>,
}

impl Places {
    /// Puts app 1 on this port, and app 2 on the given origins. If none are given, app 2 gets a
    /// domain of its own on this machine. App 2 is always on the origin of app 1 as well.
    pub(crate) fn new(port: u16, mut origins: Vec<String>, rp_id: &str) -> Result<Self, Invalid> {
        let app1 = format!("http://localhost:{port}");
        if origins.is_empty() {
            // Browsers find every name below `localhost` on this machine, and treat each as a
            // domain of its own.
            origins.push(format!("http://app2.localhost:{port}"));
        }
        if !origins.contains(&app1) {
            origins.push(app1.clone());
        }
        let parties = relying_parties(rp_id, &origins, &app1)?;
        Ok(Self { app1, origins, parties })
    }

    /// Returns the origin of app 1.
    pub(crate) fn app1(&self) -> &str {
        &self.app1
    }

    /// Returns every origin that may call the server.
    pub(crate) fn origins(&self) -> &[String] {
        &self.origins
    }

    /// Returns the origins where a browser finds app 2, the best to show first.
    pub(crate) fn app2(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(String::as_str).filter(|origin| origin.starts_with("http"))
    }

    /// Returns the origins that others can reach as well.
    pub(crate) fn public(&self) -> impl Iterator<Item = &str> {
        self.app2().filter(|origin| !is_loopback(origin))
    }

    /// Returns the relying parties. The first is that of `--rp-id`.
    pub(crate) fn parties(&self) -> &[RelyingParty] {
        &self.parties
    }

    /// Returns the relying party of `--rp-id`.
    pub(crate) fn main_party(&self) -> &RelyingParty {
        &self.parties[0]
    }

    /// Returns the relying party of app 1.
    pub(crate) fn app1_party(&self) -> &RelyingParty {
        let mut parties = self.parties.iter();
        parties.find(|party| party.origin(&self.app1).is_some()).unwrap_or(self.main_party())
    }

    /// Listens for the origins that lie on other ports of this machine.
    pub(crate) async fn other_listeners(&self, port: u16) -> Vec<TcpListener> {
        let mut listeners = Vec::new();
        for (origin, address) in self.origins.iter().filter_map(|origin| Some((origin, loopback(origin)?))) {
            if address.1 == port {
                continue;
            }
            match TcpListener::bind(address).await {
                Ok(listener) => listeners.push(listener),
                // Somebody's own development server is there, and calls the endpoints from there.
                Err(error) => println!("{origin} is not served from here: {error}"),
            }
        }
        listeners
    }
}

/// Names the asking device, in words for the owner: "Chrome on Android". It is only what a client
/// says of itself. It helps owners to recognise their own device, and proves nothing.
pub(crate) fn device(head: &Parts) -> Option<String> {
    let agent = head.headers.get(header::USER_AGENT)?.to_str().ok()?;
    // Each browser names the browsers that it wants to be taken for, and systems do so too.
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("CriOS/", "Chrome"),
        ("Safari/", "Safari"),
    ])?;
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "Mac"),
        ("Linux", "Linux"),
    ])?;
    Some(format!("{browser} on {system}"))
}

/// Reads the value of an `--origin`. Browsers show and copy an origin with one slash at its end;
/// that is not yet a path.
pub(crate) fn read_origin(value: &str) -> Result<String, String> {
    let origin = value.strip_suffix('/').unwrap_or(value);
    match Origin::new(origin) {
        Ok(origin) => Ok(origin.to_string()),
        Err(error) => Err(format!("--origin {value}: {error}")),
    }
}

/// Listens on a port of this machine.
pub(crate) async fn listen(port: u16) -> Result<TcpListener, Box<dyn Error>> {
    TcpListener::bind(("127.0.0.1", port)).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => format!("port {port} is taken; try --port 0").into(),
        _ => format!("port {port}: {error}").into(),
    })
}

/// Creates one relying party for `--rp-id`, and one for each domain that a browser would not let
/// claim that id.
fn relying_parties(rp_id: &str, origins: &[String], app1: &str) -> Result<Vec<RelyingParty>, Invalid> {
    let mut grouped: Vec<(&str, Vec<&str>)> = vec![(rp_id, Vec::new())];
    for origin in origins {
        let id = own_domain(origin, rp_id).unwrap_or(rp_id);
        match grouped.iter_mut().find(|(party, _)| *party == id) {
            Some((_, listed)) => listed.push(origin),
            None => grouped.push((id, vec![origin])),
        }
    }
    // A relying party has at least one origin. If nobody named one, it gets the origin of app 1.
    if grouped[0].1.is_empty() {
        grouped.retain(|(_, listed)| *listed != [app1]);
        grouped[0].1.push(app1);
    }
    grouped.into_iter().map(|(id, listed)| RelyingParty::new(id, "Onboarding", listed)).collect()
}

/// Returns the domain of an origin, unless it is within `rp_id`. Apps and addresses have none: they
/// belong to `rp_id`, and an address can register keys but no passkeys.
fn own_domain<'a>(origin: &'a str, rp_id: &str) -> Option<&'a str> {
    let (host, _) = host_and_port(origin)?;
    let is_within = host
        .strip_suffix(rp_id)
        // A name without a dot, such as `localhost`, is like `com`: no name below it may claim it.
        .is_some_and(|rest| rest.is_empty() || (rest.ends_with('.') && rp_id.contains('.')));
    let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
    (!is_within && !is_address).then_some(host)
}

/// Returns where to listen for an origin of this machine that has its own port.
fn loopback(origin: &str) -> Option<(IpAddr, u16)> {
    let (host, port) = host_and_port(origin.strip_prefix("http://").map(|_| origin)?)?;
    Some((loopback_address(host)?, port?))
}

fn is_loopback(origin: &str) -> bool {
    host_and_port(origin).is_some_and(|(host, _)| loopback_address(host).is_some())
}

/// Returns the address of a host, if it is this machine.
fn loopback_address(host: &str) -> Option<IpAddr> {
    let address = match host {
        "localhost" => IpAddr::from([127, 0, 0, 1]),
        host if host.ends_with(".localhost") => IpAddr::from([127, 0, 0, 1]),
        host => host.trim_matches(['[', ']']).parse().ok()?,
    };
    address.is_loopback().then_some(address)
}

fn host_and_port(origin: &str) -> Option<(&str, Option<u16>)> {
    let (_, authority) = origin.split_once("://")?;
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((host, port.parse().ok())),
        _ => Some((authority, None)),
    }
}
