//! Who asks, by token: in `Authorization: Bearer …`, or behind the cookie of a login.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::ConnectInfo;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, ORIGIN};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::Problem;
use super::audience::is_on_this_machine;
use crate::access::{AUDIT, Admission, Denied};
use crate::client::client_address;
use crate::config::{Scope, Token};

/// The cookie of a login. A browser takes this name only with `Secure`, and from this very host: no other host of the site can
/// put its own login in the place of somebody's.
pub(super) const COOKIE_NAME: &str = "__Host-rum_session";

/// The same where there is no TLS: on the machine itself.
const COOKIE_NAME_HERE: &str = "rum_session";

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How to come by a token.
const MEND: &str = "`rum-collector token new` makes one, and a [[tokens]] section of the configuration lets it in";

/// What a token was presented by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum By {
    /// The header, which no page of another site can make a browser send.
    Header,
    /// The cookie, which a browser sends by itself.
    Cookie,
}

/// A token that asks.
#[derive(Clone, Debug)]
pub(super) struct Asker {
    pub(super) token: Arc<Token>,
    pub(super) by: By,
}

/// Who asks; `None` if no token is presented, or the login has ended.
///
/// # Errors
/// When a token is presented and there is none such.
pub(super) async fn asker(admission: &Admission, parts: &Parts) -> Result<Option<Asker>, Problem> {
    if let Some(presented) = bearer(&parts.headers) {
        let token = admission
            .token(presented, address(admission, parts))
            .await
            .map_err(|denied| refusal(denied, parts))?;
        return Ok(Some(Asker { token, by: By::Header }));
    }
    let session = cookie(parts).and_then(|cookie| admission.session(cookie));
    Ok(session.map(|token| Asker { token, by: By::Cookie }))
}

/// The token that asks for something that needs `scope`, and that does or reads what a page of another site must not make
/// it do.
///
/// # Errors
/// When there is none, when it is not good for this, or when a page of another site asks by somebody's cookie.
pub(super) async fn required(admission: &Admission, parts: &Parts, scope: Scope) -> Result<Arc<Token>, Problem> {
    let Some(Asker { token, by }) = asker(admission, parts).await? else {
        return Err(nobody(admission, parts));
    };
    if by == By::Cookie {
        own_page(admission, &parts.headers)?;
    }
    if !token.may(scope) {
        admission.denials().scope.add(1);
        let message = format!(
            "the token {} has not the scope {}; give it that in the configuration, or use another",
            token.name,
            scope.name()
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, "scope_missing", message));
    }
    Ok(token)
}

/// Lets in who is for all apps.
///
/// # Errors
/// When the token is for some.
pub(super) fn for_all_apps(admission: &Admission, token: &Token) -> Result<(), Problem> {
    if token.is_for_all_apps() {
        return Ok(());
    }
    admission.denials().scope.add(1);
    let message = format!(
        "the token {} is for some apps, and this is about all of them; use one with apps = [\"*\"]",
        token.name
    );
    Err(Problem::new(StatusCode::FORBIDDEN, "all_apps_needed", message))
}

/// Refuses what a page of another site has sent with somebody's cookie.
///
/// # Errors
/// When the browser says so, or says nothing: a browser always does.
pub(super) fn own_page(admission: &Admission, headers: &HeaderMap) -> Result<(), Problem> {
    if is_own_page(headers) {
        return Ok(());
    }
    admission.denials().cross_site.add(1);
    let message = "a cookie is taken from pages of this very server only; other programs send Authorization: Bearer";
    Err(Problem::new(StatusCode::FORBIDDEN, "cross_site", message))
}

/// `Sec-Fetch-Site` cannot be set by pages. Browsers send it to https and to this machine; elsewhere the origin has to be
/// this host.
pub(super) fn is_own_page(headers: &HeaderMap) -> bool {
    let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return site == "same-origin";
    }
    let (Some(origin), Some(host)) = (text(&ORIGIN).and_then(|origin| Url::parse(origin).ok()), text(&HOST)) else {
        return false;
    };
    let own = Url::parse(&format!("{}://{host}", origin.scheme()));
    own.is_ok_and(|own| own.origin() == origin.origin() && origin.origin().is_tuple())
}

/// Nothing that could be let in was presented.
fn nobody(admission: &Admission, parts: &Parts) -> Problem {
    let (code, message) = if admission.is_closed() {
        (
            "token_missing",
            format!("this needs a token, and none is configured: {MEND}"),
        )
    } else if cookie(parts).is_some() {
        (
            "login_ended",
            "the login has ended; log in again by POST /v1/login".to_owned(),
        )
    } else {
        (
            "token_missing",
            format!("this needs Authorization: Bearer with a token: {MEND}"),
        )
    };
    Problem::new(StatusCode::UNAUTHORIZED, code, message)
}

/// A wrong token, as it is told.
pub(super) fn refusal(denied: Denied, parts: &Parts) -> Problem {
    match denied {
        Denied::Unknown => {
            tracing::warn!(target: AUDIT, path = parts.uri.path(), "a token that is not known was presented");
            let message = format!("there is no such token: {MEND}");
            Problem::new(StatusCode::UNAUTHORIZED, "unknown_token", message)
        }
        Denied::Throttled { retry_after } => Problem {
            retry_after: Some(retry_after),
            ..Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_wrong_tokens",
                "there is no such token, and too many wrong ones come from there; try again later",
            )
        },
    }
}

/// Where a request comes from, as far as the connection and our own proxies tell.
pub(super) fn address(admission: &Admission, parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| client_address(peer.ip(), &parts.headers, admission.proxies()).address)
}

/// What `Authorization: Bearer` presents. Other schemes are a proxy's own.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The number of a login.
pub(super) fn cookie(parts: &Parts) -> Option<&str> {
    let wanted = cookie_name(parts);
    let cookies = parts
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

/// What the cookie of a login is called where this request comes from.
pub(super) fn cookie_name(parts: &Parts) -> &'static str {
    if is_on_this_machine(parts) {
        COOKIE_NAME_HERE
    } else {
        COOKIE_NAME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect()
    }

    #[test]
    fn only_pages_of_this_server_send_its_cookie() {
        for (sent, own) in [
            (&[("sec-fetch-site", "same-origin")][..], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (
                &[
                    ("sec-fetch-site", "cross-site"),
                    ("origin", "https://rum.example"),
                    ("host", "rum.example"),
                ],
                false,
            ),
            (&[("origin", "https://rum.example"), ("host", "rum.example")], true),
            (
                &[("origin", "http://rum.example:4318"), ("host", "rum.example:4318")],
                true,
            ),
            (&[("origin", "https://rum.example:444"), ("host", "rum.example")], false),
            (&[("origin", "https://evil.example"), ("host", "rum.example")], false),
            (&[("origin", "null"), ("host", "null")], false),
            (&[("host", "rum.example")], false),
            (&[], false),
        ] {
            assert_eq!(is_own_page(&headers(sent)), own, "{sent:?}");
        }
    }

    #[test]
    fn a_token_comes_by_bearer_and_a_login_by_its_cookie() {
        assert_eq!(bearer(&headers(&[("authorization", "Bearer rum_x")])), Some("rum_x"));
        assert_eq!(bearer(&headers(&[("authorization", "bearer  rum_x ")])), Some("rum_x"));
        assert_eq!(bearer(&headers(&[("authorization", "Basic cnVt")])), None);
        for (sent, expected) in [
            ("__Host-rum_session=abc", Some("abc")),
            ("a=b; __Host-rum_session=abc; c=d", Some("abc")),
            ("rum_session=abc", None),
            ("x__Host-rum_session=abc", None),
            ("__Host-rum_session", None),
        ] {
            let request = http::Request::get("/").header(COOKIE, sent).body(()).unwrap();
            assert_eq!(cookie(&request.into_parts().0), expected, "{sent}");
        }
        let mut request = http::Request::get("/")
            .header(COOKIE, "rum_session=abc")
            .body(())
            .unwrap();
        request
            .extensions_mut()
            .insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 1))));
        assert_eq!(cookie(&request.into_parts().0), Some("abc"), "on the machine itself");
    }
}
