//! The HTML pages: each fills its file under `pages/`, and the layout around it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use crate::catalogue::Product;
use crate::content_policy::{fresh_nonce, policy};
use crate::options::ShopOptions;
use crate::panel;
use crate::stories::Story;
use crate::switches::{BadSwitch, RequestedSwitches, RumPlacement, Switches};
use crate::template::{Value, escape, fill};

const LAYOUT: &str = include_str!("../pages/layout.html");
const HOME: &str = include_str!("../pages/home.html");
const PRODUCTS: &str = include_str!("../pages/products.html");
const PRODUCT: &str = include_str!("../pages/product.html");
const CART: &str = include_str!("../pages/cart.html");
const MAGAZINE: &str = include_str!("../pages/magazine.html");
const NOT_FOUND: &str = include_str!("../pages/not-found.html");
const BAD_SWITCH: &str = include_str!("../pages/bad-switch.html");

/// HTML is asked for again at every visit, so that a demo shows what runs; `no-store` would keep it out of bfcache.
const CACHING: HeaderValue = HeaderValue::from_static("no-cache");

type Shop = State<Arc<ShopOptions>>;

/// `GET /`
pub(crate) async fn home(State(shop): Shop, RequestedSwitches(switches): RequestedSwitches) -> Response {
    Page::named("home", "Eventide: lamps for the second half of the day", HOME)
        .recommending("Chosen for this evening", Some("clerk"))
        .respond(&shop, switches)
}

/// `GET /products`
pub(crate) async fn products(State(shop): Shop, RequestedSwitches(switches): RequestedSwitches) -> Response {
    Page::named("products", "All lamps · Eventide", PRODUCTS)
        .recommending("Others took home", None)
        .respond(&shop, switches)
}

/// `GET /products/{id}`
pub(crate) async fn product(
    State(shop): Shop,
    RequestedSwitches(switches): RequestedSwitches,
    Path(id): Path<String>,
) -> Response {
    let Some(product) = Product::find(&id) else {
        return no_such_page(&shop, switches);
    };
    Page::named("product", &format!("{} · Eventide", product.name), PRODUCT)
        .recommending("Goes well with it", Some(product.id))
        .with("id", product.id)
        .with("name", product.name)
        .with("tagline", product.tagline)
        .with("kind", product.kind.label())
        .with("price", &product.price())
        .with("description", product.description)
        .respond(&shop, switches)
}

/// `GET /cart`
pub(crate) async fn cart(State(shop): Shop, RequestedSwitches(switches): RequestedSwitches) -> Response {
    Page::named("cart", "Your cart · Eventide", CART)
        .recommending("Room for one more?", Some("perigee"))
        .respond(&shop, switches)
}

/// `GET /magazine` and every other route of the single-page part: the script draws what the address says.
pub(crate) async fn magazine(State(shop): Shop, RequestedSwitches(switches): RequestedSwitches) -> Response {
    Page::named("magazine", "The Late Edition · Eventide", MAGAZINE)
        .recommending("Lamps from these pages", Some("lampion"))
        .respond(&shop, switches)
}

/// `GET /magazine/stories/{id}`
pub(crate) async fn story(
    shop: Shop,
    RequestedSwitches(switches): RequestedSwitches,
    Path(id): Path<String>,
) -> Response {
    match Story::find(&id) {
        Some(_) => magazine(shop, RequestedSwitches(switches)).await,
        None => no_such_page(&shop, switches),
    }
}

/// Every address that the shop does not have.
pub(crate) async fn not_found(State(shop): Shop, RequestedSwitches(switches): RequestedSwitches) -> Response {
    no_such_page(&shop, switches)
}

fn no_such_page(shop: &ShopOptions, switches: Result<Switches, BadSwitch>) -> Response {
    Page::named("not-found", "Not here · Eventide", NOT_FOUND)
        .answering(StatusCode::NOT_FOUND)
        .recommending("Found in its place", Some("lampion"))
        .respond(shop, switches)
}

/// What the layout needs to know of a page.
struct Page {
    name: &'static str,
    title: String,
    template: &'static str,
    status: StatusCode,
    recommendations: (&'static str, Option<&'static str>),
    values: Vec<(&'static str, String)>,
}

impl Page {
    fn named(name: &'static str, title: &str, template: &'static str) -> Self {
        Self {
            name,
            title: title.to_owned(),
            template,
            status: StatusCode::OK,
            recommendations: ("You may also like", None),
            values: Vec::new(),
        }
    }

    fn answering(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The heading of the strip below the page, and the lamp it belongs to.
    fn recommending(mut self, heading: &'static str, beside: Option<&'static str>) -> Self {
        self.recommendations = (heading, beside);
        self
    }

    fn with(mut self, name: &'static str, text: &str) -> Self {
        self.values.push((name, text.to_owned()));
        self
    }

    fn respond(self, shop: &ShopOptions, switches: Result<Switches, BadSwitch>) -> Response {
        match switches {
            Ok(switches) => self.render(shop, &switches),
            Err(bad) => Self::named("bad-switch", "That switch does not exist · Eventide", BAD_SWITCH)
                .answering(StatusCode::BAD_REQUEST)
                .with("reason", &bad.to_string())
                .render(shop, &Switches::default()),
        }
    }

    fn render(&self, shop: &ShopOptions, switches: &Switches) -> Response {
        let nonce = fresh_nonce();
        let main = fill(self.template, |name| {
            self.link(name, switches).or_else(|| {
                self.values
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, text)| Value::Text(text.clone()))
            })
        });
        let (heading, beside) = self.recommendations;
        let html = fill(LAYOUT, |name| match name {
            "title" => Some(Value::Text(self.title.clone())),
            "head" => Some(Value::Html(head(shop, switches, &nonce))),
            "page" => Some(Value::Text(self.name.to_owned())),
            "switches" => Some(Value::Text(switches.query())),
            "main" => Some(Value::Html(main.clone())),
            "recommendations_heading" => Some(Value::Text(heading.to_owned())),
            "recommendations_url" => Some(Value::Text(recommendations_url(beside, switches))),
            "problems_on" => Some(Value::Text(match switches.count() {
                0 => "none on".to_owned(),
                count => format!("{count} on"),
            })),
            "problems" => Some(Value::Html(panel::rows(switches))),
            _ => self.link(name, switches),
        });
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, CACHING);
        if let Some(mode) = switches.csp() {
            match HeaderValue::try_from(policy(mode, shop.rum.as_ref(), &nonce)) {
                Ok(value) => headers.insert(CONTENT_SECURITY_POLICY, value),
                // A page that should be strict and is not would make a test pass for the wrong reason.
                Err(bad) => {
                    return (StatusCode::INTERNAL_SERVER_ERROR, bad.to_string()).into_response();
                }
            };
        }
        (self.status, headers, Html(html)).into_response()
    }

    /// `{{link:/cart}}` is an address within the shop that keeps the switches; `{{nav:/cart}}` also says whether the
    /// visitor is there; `{{picture:hero}}` is the page's largest picture, late when the page was asked to be slow.
    fn link(&self, placeholder: &str, switches: &Switches) -> Option<Value> {
        let (what, rest) = placeholder.split_once(':')?;
        match what {
            "link" => Some(Value::Text(switches.link(rest))),
            "nav" => {
                let here = rest.trim_start_matches('/').starts_with(self.name);
                let current = if here { r#" aria-current="page""# } else { "" };
                Some(Value::Html(format!(
                    r#"href="{}"{current}"#,
                    escape(&switches.link(rest))
                )))
            }
            "picture" => {
                let name = match rest {
                    "this" => self
                        .values
                        .iter()
                        .find(|(key, _)| *key == "id")
                        .map(|(_, id)| id.as_str())?,
                    name => name,
                };
                let late = switches
                    .value("slow-lcp")
                    .map(|ms| format!("?slow-lcp={ms}"))
                    .unwrap_or_default();
                Some(Value::Text(format!("/images/{name}.svg{late}")))
            }
            _ => None,
        }
    }
}

fn recommendations_url(beside: Option<&str>, switches: &Switches) -> String {
    let parameters = [("for", beside), ("fail-fetch", switches.value("fail-fetch"))];
    let given: Vec<String> = parameters
        .iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name}={value}")))
        .collect();
    match given.as_slice() {
        [] => "/api/recommendations".to_owned(),
        given => format!("/api/recommendations?{}", given.join("&")),
    }
}

/// What stands first in the head: the tests' own observers, then the SDK in the form that the switches ask for.
fn head(shop: &ShopOptions, switches: &Switches, nonce: &str) -> String {
    let mut head = String::new();
    if switches.value("observe").is_some() {
        head.push_str("<script src=\"/assets/observer.js\"></script>\n");
    }
    let Some(rum) = &shop.rum else { return head };
    let placement = switches.rum();
    if placement == RumPlacement::Off {
        return head;
    }
    if placement == RumPlacement::StubAndTag && !rum.stub().is_empty() {
        head.push_str(&format!("<script nonce=\"{nonce}\">{}</script>\n", rum.stub()));
    }
    let (url, app) = (escape(rum.script_url()), escape(rum.app_key()));
    head.push_str(&match switches.late_rum() {
        None => format!("<script async src=\"{url}\" data-app=\"{app}\"></script>\n"),
        Some(delay) => format!(
            "<script async src=\"/assets/late-rum.js\" data-script=\"{url}\" data-app=\"{app}\" \
             data-after=\"{}\"></script>\n",
            delay.as_millis()
        ),
    });
    head
}
