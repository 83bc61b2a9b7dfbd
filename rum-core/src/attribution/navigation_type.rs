//! What sort of navigation a view came from.

use crate::ViewKind;
use crate::wire::record::NavigationRecord;

/// A sort of navigation, as the reference library tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum NavigationType {
    /// A link, a form, an address that was typed.
    Navigate = 0,
    /// The page was loaded again.
    Reload = 1,
    /// Back or forward in the history, and loaded again.
    BackForward = 2,
    /// Back or forward, out of the back/forward cache.
    BackForwardCache = 3,
    /// Prerendered before the user asked for it.
    Prerender = 4,
    /// A tab that the browser had discarded.
    Restore = 5,
    /// A soft navigation, as the browser sees it.
    SoftNavigation = 6,
}

impl NavigationType {
    /// The type of a view. `None` while its navigation is not known, and of views that no navigation of the browser's began:
    /// routes, views of the page's own, and those of a later session.
    #[must_use]
    pub fn of(view: ViewKind, navigation: Option<&NavigationRecord>) -> Option<Self> {
        match view {
            ViewKind::BackForwardCache => Some(Self::BackForwardCache),
            ViewKind::Soft => Some(Self::SoftNavigation),
            ViewKind::Prerender => Some(Self::Prerender),
            ViewKind::Load => Self::of_load(navigation?),
            ViewKind::Route | ViewKind::Manual | ViewKind::Resumed => None,
        }
    }

    /// The type of a document's load. That it was prerendered says more than what prerendered it.
    #[must_use]
    pub fn of_load(navigation: &NavigationRecord) -> Option<Self> {
        if navigation.activation.is_some_and(|activation| activation > 0) {
            return Some(Self::Prerender);
        }
        match navigation.kind {
            0 => Some(Self::Navigate),
            1 => Some(Self::Reload),
            2 => Some(Self::BackForward),
            3 => Some(Self::Prerender),
            4 => Some(Self::Restore),
            _ => None,
        }
    }

    /// The name in the tables, as the reference library has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Navigate => "navigate",
            Self::Reload => "reload",
            Self::BackForward => "back-forward",
            Self::BackForwardCache => "back-forward-cache",
            Self::Prerender => "prerender",
            Self::Restore => "restore",
            Self::SoftNavigation => "soft-navigation",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::ttfb::tests::navigation;

    #[test]
    fn a_type_is_of_the_view_then_of_the_load() {
        let load = |kind| NavigationRecord { kind, ..navigation() };
        let activated = NavigationRecord {
            activation: Some(2_000_000),
            ..load(1)
        };
        for (view, navigation, expected) in [
            (ViewKind::Load, Some(load(0)), Some("navigate")),
            (ViewKind::Load, Some(load(1)), Some("reload")),
            (ViewKind::Load, Some(load(2)), Some("back-forward")),
            (ViewKind::Load, Some(load(3)), Some("prerender")),
            (ViewKind::Load, Some(load(4)), Some("restore")),
            (ViewKind::Load, Some(load(99)), None),
            (ViewKind::Load, None, None),
            (ViewKind::Load, Some(activated), Some("prerender")),
            (ViewKind::Prerender, None, Some("prerender")),
            (ViewKind::BackForwardCache, Some(load(0)), Some("back-forward-cache")),
            (ViewKind::Soft, None, Some("soft-navigation")),
            (ViewKind::Route, None, None),
        ] {
            let found = NavigationType::of(view, navigation.as_ref()).map(NavigationType::name);
            assert_eq!(found, expected, "{view:?} {navigation:?}");
        }
    }
}
