//! The text of EXPLAIN AST as a tree. A line is a node: a blank for each level, its kind, its name where it has one,
//! `(alias …)`, and how many children it has. Each count must hold: what was not understood is never passed over.

use super::Forbidden;

/// A node.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Node<'t> {
    /// Such as `Function`.
    pub(super) kind: &'t str,
    /// Such as `count`; a literal's is its value. Empty where there is none.
    pub(super) name: &'t str,
    at: usize,
    depth: usize,
    parent: Option<usize>,
}

/// A syntax tree, its nodes in the order of the text.
#[derive(Debug)]
pub(super) struct Tree<'t>(Vec<Node<'t>>);

impl<'t> Tree<'t> {
    /// Reads the lines.
    pub(super) fn read(lines: &'t [String]) -> Result<Self, Forbidden> {
        let mut nodes: Vec<Node<'t>> = Vec::with_capacity(lines.len());
        let mut announced = Vec::with_capacity(lines.len());
        for line in lines {
            let unreadable = || Forbidden::Unreadable(line.chars().take(80).collect());
            let text = line.trim_start_matches(' ');
            let depth = line.len() - text.len();
            let (text, children) = counted(text);
            let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
            let name = rest.split(" (alias ").next().unwrap_or_default();
            let parent = match depth.checked_sub(1) {
                None => None,
                Some(above) => Some(
                    nodes
                        .iter()
                        .rposition(|node| node.depth == above)
                        .ok_or_else(unreadable)?,
                ),
            };
            // One root, and no level is left out.
            let deepest = nodes.last().map_or(0, |last| last.depth + 1);
            if kind.is_empty() || depth > deepest || (parent.is_none() && !nodes.is_empty()) {
                return Err(unreadable());
            }
            let at = nodes.len();
            announced.push(children);
            nodes.push(Node {
                kind,
                name,
                at,
                depth,
                parent,
            });
        }
        let mut found = vec![0_usize; nodes.len()];
        for parent in nodes.iter().filter_map(|node| node.parent) {
            if let Some(count) = found.get_mut(parent) {
                *count += 1;
            }
        }
        let wrong = lines
            .iter()
            .zip(announced.iter().zip(&found))
            .find(|(_, (a, b))| a != b);
        match (wrong, nodes.is_empty()) {
            (None, false) => Ok(Self(nodes)),
            (wrong, _) => {
                let line = wrong.map(|(line, _)| line.chars().take(80).collect());
                Err(Forbidden::Unreadable(line.unwrap_or_default()))
            }
        }
    }

    /// The statement itself.
    pub(super) fn root(&self) -> &Node<'t> {
        // A tree without nodes is not read.
        &self.0[0]
    }

    /// All nodes.
    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node<'t>> {
        self.0.iter()
    }

    /// The node above.
    pub(super) fn parent(&self, node: &Node<'t>) -> Option<&Node<'t>> {
        self.0.get(node.parent?)
    }

    /// The nodes just below, in their order.
    pub(super) fn children(&self, node: &Node<'t>) -> impl Iterator<Item = &Node<'t>> {
        let (at, depth) = (node.at, node.depth);
        let below = self.0.iter().skip(at + 1).take_while(move |below| below.depth > depth);
        below.filter(move |below| below.parent == Some(at))
    }
}

/// A line without its count of children, and that.
fn counted(line: &str) -> (&str, usize) {
    let count = line.strip_suffix(')').and_then(|line| line.rsplit_once(" (children "));
    match count.and_then(|(text, count)| Some((text, count.parse().ok()?))) {
        Some((text, count)) => (text.trim_end(), count),
        None => (line, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn nodes_have_kind_name_and_children() {
        let text = lines("A (children 2)\n Function f (alias x y) (children 1)\n  Literal 'a b'\n C");
        let tree = Tree::read(&text).unwrap();
        let told: Vec<_> = tree.nodes().map(|node| (node.kind, node.name)).collect();
        assert_eq!(told, [("A", ""), ("Function", "f"), ("Literal", "'a b'"), ("C", "")]);
        let below: Vec<_> = tree.children(tree.root()).map(|node| node.kind).collect();
        assert_eq!(below, ["Function", "C"]);
    }

    #[test]
    fn what_does_not_hold_together_is_refused() {
        for text in [
            "",
            "A (children 1)",
            "A\n B",
            "A (children 1)\n  B",
            "A\nB",
            "A (children 2)\n B (children 5)\n C",
            " A",
            "A (children 1)\n ",
        ] {
            assert!(Tree::read(&lines(text)).is_err(), "{text:?}");
        }
    }
}
