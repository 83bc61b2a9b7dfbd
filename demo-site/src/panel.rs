//! The drawer at the foot of every page, in which a person gives the page its problems.

use crate::switches::{Allowed, SWITCHES, Switch, Switches};
use crate::template::escape;

/// The drawer's rows, each switch in the position that the page was asked for.
pub(crate) fn rows(switches: &Switches) -> String {
    SWITCHES
        .iter()
        .map(|switch| row(switch, switches.value(switch.name)))
        .collect()
}

fn row(switch: &Switch, set: Option<&str>) -> String {
    let name = switch.name;
    let control = match switch.allows {
        Allowed::On => {
            let checked = if set.is_some() { " checked" } else { "" };
            format!(r#"<input type="checkbox" name="{name}" value="1"{checked}>"#)
        }
        Allowed::Millis { offers, .. } | Allowed::Count { offers, .. } => select(name, offers, set),
        Allowed::Word(words) => select(name, words, set),
    };
    let label = escape(switch.label);
    format!("<label class=\"switch\"><span>{label}<code>{name}</code></span>{control}</label>\n")
}

/// A value that was typed into the address and is not among the offers is shown as well.
fn select(name: &str, offers: &[&str], set: Option<&str>) -> String {
    let typed = set.filter(|value| !offers.contains(value));
    let options: String = offers
        .iter()
        .copied()
        .chain(typed)
        .map(|value| {
            let selected = if set == Some(value) { " selected" } else { "" };
            let value = escape(value);
            format!(r#"<option value="{value}"{selected}>{value}</option>"#)
        })
        .collect();
    format!(r#"<select name="{name}"><option value="">off</option>{options}</select>"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_stand_where_the_address_says() {
        let switches = Switches::from_uri(&"/?shift=1&slow-lcp=1234&csp=wasm".parse().unwrap()).unwrap();
        let rows = rows(&switches);
        assert!(rows.contains(r#"name="shift" value="1" checked"#));
        assert!(rows.contains(r#"<option value="1234" selected>"#));
        assert!(rows.contains(r#"<option value="wasm" selected>"#));
        assert_eq!(rows.matches(" selected").count() + rows.matches(" checked").count(), 3);
    }
}
