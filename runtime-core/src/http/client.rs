//! Who asks, for the record: the peer; or, where that is a proxy of `BOTFACTORY_TRUSTED_PROXIES`, whom it names. Nothing is
//! ever opened by it.

use std::net::{IpAddr, SocketAddr};

use axum::extract::Request;
use axum::extract::connect_info::ConnectInfo;

use super::listener::Peer;
use crate::config::access::Proxies;

const FORWARDED_FOR: &str = "x-forwarded-for";
/// Addresses that are looked at.
const HOPS: usize = 16;

/// The client's address. `None`: not over a connection of ours, or a trusted proxy names nobody.
pub fn address(request: &Request, proxies: &Proxies) -> Option<IpAddr> {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<Peer>>()?;
    let peer = peer.address.ip().to_canonical();
    if !proxies.has(peer) {
        return Some(peer); // whatever it says about others
    }
    // Each proxy adds whom it has seen at the end; what stands before the last one of ours is anybody's word.
    // As bytes: a header with a byte that is no text is none to be passed over.
    let headers = request.headers().get_all(FORWARDED_FOR);
    let said: Vec<&[u8]> = headers
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .collect();
    for hop in said.iter().rev().take(HOPS) {
        let hop = named(hop)?.to_canonical();
        if !proxies.has(hop) {
            return Some(hop);
        }
    }
    said.is_empty().then_some(peer)
}

/// An address as proxies write them: some add the port, some put brackets around IPv6.
fn named(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    if let Ok(with_port) = hop.parse::<SocketAddr>() {
        return Some(with_port.ip());
    }
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    bare.unwrap_or(hop).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn seen(peer: &str, forwarded: &[&str]) -> Option<String> {
        let mut request = Request::builder().uri("/bots");
        for value in forwarded {
            request = request.header(FORWARDED_FOR, value.as_bytes());
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(Peer {
            address: peer.parse().unwrap(),
            flushes: Default::default(),
            pace: Default::default(),
        }));
        let proxies = Proxies::parse("10.0.0.0/8").unwrap();
        address(&request, &proxies).map(|address| address.to_string())
    }

    #[tokio::test]
    async fn only_trusted_proxies_are_believed() {
        let says = |text: &str| Some(text.to_owned());
        assert_eq!(seen("192.0.2.1:5", &["203.0.113.9"]), says("192.0.2.1"));
        assert_eq!(seen("192.0.2.1:5", &[]), says("192.0.2.1"));
        assert_eq!(seen("10.0.0.1:5", &["203.0.113.9"]), says("203.0.113.9"));
        assert_eq!(seen("10.0.0.1:5", &[]), says("10.0.0.1"));
        // What the client itself has put in front does not count, in one header or in two.
        let spoofed = ["127.0.0.1, 203.0.113.9, 10.0.0.2"];
        assert_eq!(seen("10.0.0.1:5", &spoofed), says("203.0.113.9"));
        let two = ["127.0.0.1", "203.0.113.9"];
        assert_eq!(seen("10.0.0.1:5", &two), says("203.0.113.9"));
        assert_eq!(seen("10.0.0.1:5", &["203.0.113.9, nonsense"]), None);
        // Bytes that are no text hide nothing, and make nobody's word another one's.
        let odd = ["198.51.100.66", "é, 203.0.113.9"];
        assert_eq!(seen("10.0.0.1:5", &odd), says("203.0.113.9"));
        assert_eq!(
            seen("10.0.0.1:5", &["198.51.100.66", "203.0.113.9 é"]),
            None
        );
        for (written, address) in [
            ("203.0.113.9:4711", "203.0.113.9"),
            ("2001:db8::7", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("[2001:db8::7]:443", "2001:db8::7"),
            ("::ffff:203.0.113.9", "203.0.113.9"),
            ("192.0.2.8, ::ffff:10.0.0.2", "192.0.2.8"),
        ] {
            assert_eq!(seen("10.0.0.1:5", &[written]), says(address), "{written}");
            assert_eq!(seen("[::ffff:10.0.0.1]:5", &[written]), says(address));
            assert_eq!(seen("[2001:db8::1]:5", &[written]), says("2001:db8::1"));
        }
        assert_eq!(seen("10.0.0.1:5", &["10.0.0.3"]), None);
    }
}
