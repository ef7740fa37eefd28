//! `/`, the chat page, and `/docs`, the description of the API: one file each, without anything from elsewhere.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse, Response};
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::deployment::Deployment;

const CHAT: &str = include_str!("page.html");
const DOCS: &str = include_str!("docs.html");

/// The routes of this file.
pub fn routes() -> OpenApiRouter<Deployment> {
    OpenApiRouter::default()
        .routes(routes!(show))
        .routes(routes!(docs))
        .routes(routes!(icon))
}

static CHAT_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| policy(CHAT));
static DOCS_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| policy(DOCS));

/// Nothing but a page's own script and style, by their hashes, and requests to ourselves.
fn policy(page: &str) -> HeaderValue {
    let script = hash_of(page, "<script>", "</script>");
    let style = hash_of(page, "<style>", "</style>");
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{script}'; style-src 'sha256-{style}'; img-src data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // Base64 and the words above fit a header; should they not, nothing at all may run.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Base64 of the SHA-256 of what stands between two tags.
fn hash_of(page: &str, open: &str, close: &str) -> String {
    let inner = page
        .split_once(open)
        .and_then(|(_, rest)| rest.split_once(close))
        .map_or("", |(inner, _)| inner);
    base64(&Sha256::digest(inner.as_bytes()))
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4usize {
            if i <= chunk.len() {
                let six = (bits >> (18 - 6 * i)) & 63;
                out.push(ALPHABET.get(six as usize).map_or('=', |b| char::from(*b)));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// The chat page
#[utoipa::path(get, path = "/", tag = "pages", responses((status = 200, body = String, content_type = "text/html")))]
pub async fn show() -> Response {
    html(CHAT, CHAT_POLICY.clone())
}

/// The description of this API, for people
#[utoipa::path(get, path = "/docs", tag = "pages", responses((status = 200, body = String, content_type = "text/html")))]
pub async fn docs() -> Response {
    html(DOCS, DOCS_POLICY.clone())
}

fn html(page: &'static str, policy: HeaderValue) -> Response {
    (
        [
            (header::CONTENT_SECURITY_POLICY, policy),
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ],
        Html(page),
    )
        .into_response()
}

/// The pages' icon
// Not an error worth a line in the browser's console.
#[utoipa::path(get, path = "/favicon.ico", tag = "pages", responses((status = 200, body = String, content_type = "image/svg+xml")))]
pub async fn icon() -> Response {
    (
        [(
            header::CONTENT_TYPE,
            HeaderValue::from_static("image/svg+xml"),
        )],
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='9' fill='#3390ec'/><path d='M8 11h16v10H14l-6 4z' fill='#fff'/></svg>",
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_of_rfc_4648() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn the_pages_are_self_contained_and_build_no_markup_from_text() {
        for word in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "<script src",
            "<link rel=\"stylesheet",
            " style=",
            " onclick=",
        ] {
            for page in [CHAT, DOCS] {
                assert!(!page.contains(word), "{word}");
            }
        }
        for page in [CHAT, DOCS] {
            assert_eq!(page.matches("<script").count(), 1);
            assert_eq!(page.matches("<style").count(), 1);
        }
    }
}
