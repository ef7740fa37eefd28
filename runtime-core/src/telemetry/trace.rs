//! Trace ids, and the header of W3C trace context (<https://www.w3.org/TR/trace-context/>): what a proxy in front of us has
//! begun goes on here, and what we ask of others goes on there.

use rand::Rng;

/// The header.
pub const HEADER: &str = "traceparent";

/// A trace, and our place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    id: u128,
    span: u64,
    /// 0: we begin it.
    parent: u64,
    sampled: Option<bool>,
}

impl Trace {
    /// A new one.
    pub fn new() -> Self {
        let mut random = rand::rng();
        Self {
            // Never 0, which the standard reserves.
            id: random.random_range(1..=u128::MAX),
            span: random.random_range(1..=u64::MAX),
            parent: 0,
            sampled: None,
        }
    }

    /// Goes on with the trace of a `traceparent` header, or begins one where there is none that can be read.
    pub fn of(header: Option<&[u8]>) -> Self {
        header.and_then(Self::read).unwrap_or_default()
    }

    /// Goes on with a trace of which only the id is known.
    pub fn named(id: &str) -> Self {
        match hex(id.as_bytes(), 32) {
            Some(id) => Self { id, ..Self::new() },
            None => Self::new(),
        }
    }

    /// `VERSION-TRACE-PARENT-FLAGS`; versions after 00 may have more behind it.
    fn read(header: &[u8]) -> Option<Self> {
        let mut parts = header.splitn(5, |byte| *byte == b'-');
        let version = parts.next()?;
        let known = hex(version, 2)?;
        let id = hex(parts.next()?, 32).filter(|id| *id != 0)?;
        let parent = hex(parts.next()?, 16).filter(|parent| *parent != 0)?;
        let flags = hex(parts.next()?, 2)?;
        if known == 0xff || (known == 0 && parts.next().is_some()) {
            return None;
        }
        Some(Self {
            id,
            parent: u64::try_from(parent).ok()?,
            sampled: Some(flags & 1 == 1),
            ..Self::new()
        })
    }

    /// Its id: 32 hex digits.
    pub fn id(self) -> String {
        format!("{:032x}", self.id)
    }

    /// Our span's id: 16 hex digits.
    pub fn span(self) -> String {
        format!("{:016x}", self.span)
    }

    /// The span that has asked us, if any.
    pub fn parent(self) -> Option<String> {
        (self.parent != 0).then(|| format!("{:016x}", self.parent))
    }

    /// The place of something that we do within it.
    #[must_use]
    pub fn child(self) -> Self {
        Self {
            span: Self::new().span,
            parent: self.span,
            ..self
        }
    }

    /// Whether it is to be exported: what the caller has said, else `ratio` (0 to 1) of all, by their ids.
    pub fn sampled(self, ratio: f64) -> bool {
        self.sampled.unwrap_or_else(|| {
            // The upper 32 bits of the random half, as a fraction.
            #[allow(clippy::cast_possible_truncation)]
            let part = f64::from((self.id >> 32) as u32) / f64::from(u32::MAX);
            part < ratio || ratio >= 1.0
        })
    }

    /// The header for whoever we ask.
    pub fn header(self, sampled: bool) -> String {
        format!(
            "00-{:032x}-{:016x}-0{}",
            self.id,
            self.span,
            u8::from(sampled)
        )
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

/// Exactly so many hex digits; in small letters, as the standard wants it.
fn hex(digits: &[u8], length: usize) -> Option<u128> {
    if digits.len() != length {
        return None;
    }
    digits.iter().try_fold(0, |value: u128, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u128::from(digit))
    })
}

/// A new trace id: 32 hex digits.
pub fn new_id() -> String {
    Trace::new().id()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_trace_goes_on() {
        let trace = Trace::of(Some(GOOD.as_bytes()));
        assert_eq!(trace.id(), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(trace.parent().as_deref(), Some("b7ad6b7169203331"));
        assert_ne!(trace.span(), "b7ad6b7169203331");
        assert!(trace.sampled(0.0));
        let passed_on = trace.header(true);
        assert_eq!(
            passed_on,
            format!("00-0af7651916cd43dd8448eb211c80319c-{}-01", trace.span())
        );
        let child = trace.child();
        assert_eq!(child.parent(), Some(trace.span()));
        assert_eq!(child.id(), trace.id());
        assert_eq!(Trace::of(Some(passed_on.as_bytes())).id(), trace.id());
        assert_eq!(Trace::named(&trace.id()).id(), trace.id());
    }

    #[test]
    fn what_cannot_be_read_begins_a_new_one() {
        for wrong in [
            "",
            "-",
            "00",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-<script>alert(1)</script>-b7ad6b7169203331-01",
        ] {
            let trace = Trace::of(Some(wrong.as_bytes()));
            assert_eq!(trace.parent(), None, "{wrong}");
            assert_eq!(trace.id().len(), 32);
        }
        // A later version may say more.
        let later = format!("01{}-more", &GOOD[2..]);
        assert_eq!(Trace::of(Some(later.as_bytes())).id(), GOOD[3..35]);
        assert_ne!(Trace::named("update 7").id(), Trace::named("update 7").id());
    }

    #[test]
    fn a_ratio_samples_that_many() {
        let sampled = (0..2000).filter(|_| Trace::new().sampled(0.25)).count();
        assert!((350..650).contains(&sampled), "{sampled}");
        assert!(Trace::new().sampled(1.0));
        assert!(!Trace::new().sampled(0.0));
    }
}
