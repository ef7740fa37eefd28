//! Who is let in: the admin token, of which only a hash is kept, and the proxies whose word counts.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::reader::Reader;

/// Marks a token that stands in the environment as its hash.
const HASHED: &str = "sha256:";
/// Most networks of `BOTFACTORY_TRUSTED_PROXIES`.
const PROXIES: usize = 64;

/// SHA-256 of the admin token: neither memory nor the environment need hold more. Never printed.
#[derive(Clone, Copy)]
pub struct AdminKey([u8; 32]);

impl std::fmt::Debug for AdminKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AdminKey")
    }
}

impl AdminKey {
    /// Of this token.
    pub fn of(token: &str) -> Self {
        Self(Sha256::digest(token.as_bytes()).into())
    }

    /// From `sha256:` and 64 hexadecimal digits; `None`: `value` does not begin so, and is a token itself.
    ///
    /// # Errors
    /// It begins so and is no hash.
    pub fn hashed(value: &str) -> Option<Result<Self, &'static str>> {
        let digits = value.strip_prefix(HASHED)?;
        Some(read(digits).map(Self).ok_or(
            "`sha256:` is followed by 64 hexadecimal digits: `printf %s TOKEN | sha256sum` prints them",
        ))
    }

    /// Whether this is the token. The time it takes tells nothing about either.
    pub fn fits(&self, given: &str) -> bool {
        Sha256::digest(given.as_bytes()).ct_eq(&self.0).into()
    }
}

fn read(digits: &str) -> Option<[u8; 32]> {
    let digits = digits.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Networks of proxies in front of this program.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// From addresses and networks (`10.0.0.0/8`, `::1`), apart by commas or spaces.
    ///
    /// # Errors
    /// In words for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut networks = Vec::new();
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        // Its place, not its words: whoever has mixed up two variables has a secret here.
        for (place, word) in (1..).zip(words) {
            let network = match word.parse::<IpNet>() {
                Ok(network) => network,
                Err(_) => IpNet::from(word.parse::<IpAddr>().map_err(|_| {
                    format!(
                        "number {place} is neither an address nor a network such as `10.0.0.0/8`"
                    )
                })?),
            };
            let network = canonical(network);
            if network.prefix_len() == 0 {
                return Err(format!(
                    "number {place} is everybody: name the proxies' own networks"
                ));
            }
            networks.push(network);
        }
        if networks.len() > PROXIES {
            return Err(format!("more than {PROXIES} networks"));
        }
        Ok(Self(networks.into()))
    }

    /// Whether one of them has this address.
    pub fn has(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// IPv4 written as IPv6 (`::ffff:10.0.0.0/104`) is IPv4: that is how peers are compared.
fn canonical(network: IpNet) -> IpNet {
    let mapped = match network {
        IpNet::V6(network) => network.addr().to_ipv4_mapped(),
        IpNet::V4(_) => None,
    };
    let bits = network.prefix_len().checked_sub(96);
    let v4 = mapped
        .zip(bits)
        .and_then(|(address, bits)| Ipv4Net::new(address, bits).ok());
    v4.map_or(network, IpNet::V4)
}

impl Reader<'_> {
    pub(super) fn admin_key(&mut self) -> Option<AdminKey> {
        const NAME: &str = "BOTFACTORY_ADMIN_TOKEN";
        match AdminKey::hashed(self.get(NAME)?) {
            Some(Ok(key)) => Some(key),
            Some(Err(wrong)) => {
                self.error(format!("`{NAME}`: {wrong}"));
                None
            }
            None => self.secret(NAME).as_deref().map(AdminKey::of),
        }
    }

    pub(super) fn proxies(&mut self) -> Proxies {
        const NAME: &str = "BOTFACTORY_TRUSTED_PROXIES";
        let parsed = self.get(NAME).map(Proxies::parse);
        match parsed {
            None => Proxies::default(),
            Some(Ok(proxies)) => proxies,
            Some(Err(wrong)) => {
                self.error(format!("`{NAME}`: {wrong}"));
                Proxies::default()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_and_its_hash_open_alike() {
        let key = AdminKey::of("0123456789abcdef");
        assert!(key.fits("0123456789abcdef"));
        for wrong in [
            "",
            "0123456789abcde",
            "0123456789abcdefg",
            "0123456789abcdeF",
        ] {
            assert!(!key.fits(wrong), "{wrong}");
        }
        let hash = "sha256:9F9F5111F7B27A781F1F1DDDE5EBC2DD2B796BFC7365C9C28B548E564176929F";
        let hashed = AdminKey::hashed(hash).unwrap().unwrap();
        assert!(hashed.fits("0123456789abcdef"));
        // The hash is no token.
        assert!(!hashed.fits(hash));
        assert!(AdminKey::hashed("0123456789abcdef").is_none());
        for wrong in [
            "sha256:",
            "sha256:12",
            &format!("sha256:{}", "g".repeat(64)),
        ] {
            assert!(AdminKey::hashed(wrong).unwrap().is_err(), "{wrong}");
        }
        assert_eq!(format!("{key:?}"), "AdminKey");
    }

    #[test]
    fn networks() {
        let proxies = Proxies::parse("10.0.0.0/8, 192.0.2.7 ::1,2001:db8::/32").unwrap();
        for yes in [
            "10.1.2.3",
            "192.0.2.7",
            "::1",
            "2001:db8::5",
            "::ffff:10.0.0.1",
        ] {
            assert!(proxies.has(yes.parse().unwrap()), "{yes}");
        }
        for no in ["11.0.0.1", "192.0.2.8", "::2", "127.0.0.1"] {
            assert!(!proxies.has(no.parse().unwrap()), "{no}");
        }
        let mapped = Proxies::parse("::ffff:10.0.0.0/104 ::ffff:192.0.2.7").unwrap();
        for yes in ["10.1.2.3", "::ffff:10.1.2.3", "192.0.2.7"] {
            assert!(mapped.has(yes.parse().unwrap()), "{yes}");
        }
        assert!(!mapped.has("11.0.0.1".parse().unwrap()));
        assert!(!Proxies::default().has("127.0.0.1".parse().unwrap()));
        for wrong in [
            "0.0.0.0/0",
            "::/0",
            "::ffff:0.0.0.0/96",
            "proxy.internal",
            "10.0.0.0/33",
            "10.0.0",
        ] {
            let said = Proxies::parse(&format!("::1, {wrong}")).unwrap_err();
            assert!(
                said.starts_with("number 2 is ") && !said.contains(&format!("`{wrong}`")),
                "{said}"
            );
        }
    }
}
