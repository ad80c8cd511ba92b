//! The one expression that a condition of a rule for apps may be: which behaviours are detected, by their names, such as
//! `security.behaviors.contains("New Device") || security.behaviors.contains("New IP")`. Anything else is refused, never guessed.

use identity::behavior::{Behavior, NAME_CHARS_MAX};
use vocab::id::BehaviorId;

const CALL: &str = "security.behaviors.contains(";
const OR: &str = "||";
/// Longest expression: each behaviour of an org by its longest name.
const EXPRESSION_BYTES_MAX: usize = 64 * 1024;
const SHAPE: &str =
    "use security.behaviors.contains(\"NAME\"), with || between where there are several";

/// The behaviours that an expression asks for.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse_behaviors(text: &str, known: &[Behavior]) -> Result<Vec<BehaviorId>, String> {
    if text.len() > EXPRESSION_BYTES_MAX {
        return Err(String::from("the expression is too long"));
    }
    let mut found = Vec::new();
    let mut rest = text.trim();
    loop {
        let (name, behind) = parse_call(rest).ok_or(SHAPE)?;
        let behavior = known.iter().find(|known| known.name == name);
        let id = behavior.map(|behavior| behavior.id.clone());
        let id = id.ok_or_else(|| {
            let shown: String = name.chars().take(NAME_CHARS_MAX).collect();
            format!("there is no behaviour {shown}")
        })?;
        if !found.contains(&id) {
            found.push(id);
        }
        if behind.is_empty() {
            return Ok(found);
        }
        rest = behind.strip_prefix(OR).ok_or(SHAPE)?.trim_start();
    }
}

/// One call at the beginning: the name in it, and what is behind.
fn parse_call(text: &str) -> Option<(String, &str)> {
    let inside = text.strip_prefix(CALL)?.trim_start();
    let quote = inside.chars().next().filter(|c| ['"', '\''].contains(c))?;
    let mut name = String::new();
    let mut chars = inside.char_indices().skip(1);
    let end = loop {
        let (at, character) = chars.next()?;
        match character {
            '\\' => name.push(chars.next()?.1),
            _ if character == quote => break at,
            _ => name.push(character),
        }
    };
    let behind = inside.get(end + 1..)?.trim_start().strip_prefix(')')?;
    Some((name, behind.trim()))
}

/// The expression that asks for these behaviours; one that is not there is called by its id.
pub(super) fn render_behaviors(ids: &[BehaviorId], known: &[Behavior]) -> String {
    let calls: Vec<String> = ids
        .iter()
        .map(|id| {
            let behavior = known.iter().find(|known| known.id == *id);
            let name = behavior.map_or(id.as_str(), |behavior| behavior.name.as_str());
            let name = name.replace('\\', "\\\\").replace('"', "\\\"");
            format!("{CALL}\"{name}\")")
        })
        .collect();
    calls.join(" || ")
}

#[cfg(test)]
mod tests {
    use super::{parse_behaviors, render_behaviors};
    use identity::behavior::{Behavior, BehaviorKind};
    use vocab::id::BehaviorId;

    fn behavior(number: usize, name: &str) -> Behavior {
        Behavior {
            id: BehaviorId::parse(&format!("bhv{number:017}")).unwrap(),
            name: name.into(),
            kind: BehaviorKind::AnomalousIp,
            events_max: 50,
            events_min: 0,
            active: true,
        }
    }

    fn known() -> Vec<Behavior> {
        let names = ["New Device", "New IP", r#"a "b" \ 'c' || ü)"#];
        let numbered = names.into_iter().enumerate();
        numbered
            .map(|(number, name)| behavior(number, name))
            .collect()
    }

    #[test]
    fn what_is_shown_means_the_same() {
        let known = known();
        let ids: Vec<BehaviorId> = known.iter().map(|known| known.id.clone()).collect();
        for some in [&ids[..1], &ids[..2], &ids[2..], &ids[..]] {
            let shown = render_behaviors(some, &known);
            assert_eq!(
                parse_behaviors(&shown, &known).as_deref(),
                Ok(some),
                "{shown}"
            );
        }
    }

    #[test]
    fn nothing_else_is_an_expression() {
        let known = known();
        let read = |text: &str| parse_behaviors(text, &known).map(|found| found.len());
        for (text, count) in [
            (r#"security.behaviors.contains("New Device")"#, Some(1)),
            ("security.behaviors.contains('New IP')", Some(1)),
            ("  security.behaviors.contains( 'New IP' )  ", Some(1)),
            (
                "security.behaviors.contains('New IP')||security.behaviors.contains('New IP')",
                Some(1),
            ),
            ("security.behaviors.contains('New Town')", None),
            ("security.behaviors.contains('New IP'", None),
            ("security.behaviors.contains('New IP", None),
            ("security.behaviors.contains('New IP\\", None),
            ("security.behaviors.contains(New IP)", None),
            ("security.behaviors.contains('New IP') && true", None),
            ("security.behaviors.contains('New IP') ||", None),
            ("!security.behaviors.contains('New IP')", None),
            ("security.risk.level == 'HIGH'", None),
            ("true", None),
            ("", None),
            ("ü", None),
        ] {
            assert_eq!(read(text).ok(), count, "{text}");
        }
        assert!(parse_behaviors(&"x".repeat(70_000), &known).is_err());
    }

    #[test]
    fn what_is_cut_off_or_changed_is_refused_or_names_what_there_is() {
        let known = known();
        let ids: Vec<BehaviorId> = known.iter().map(|known| known.id.clone()).collect();
        let whole = render_behaviors(&ids, &known);
        let characters: Vec<char> = whole.chars().collect();
        for at in 0..characters.len() {
            let cut: String = characters.iter().take(at).collect();
            let read = parse_behaviors(&cut, &known);
            assert!(read.is_err() || ids.starts_with(&read.unwrap()), "{cut}");
            for other in ['"', '\'', '\\', '(', ')', '|', ' ', 'x', 'ü', '\0'] {
                let mut changed = characters.clone();
                changed[at] = other;
                let changed: String = changed.into_iter().collect();
                for id in parse_behaviors(&changed, &known).unwrap_or_default() {
                    assert!(ids.contains(&id), "{changed}");
                }
            }
        }
    }
}
