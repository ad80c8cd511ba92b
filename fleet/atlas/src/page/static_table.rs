//! The fleet as a table, for a browser that runs no script. Pure.

use std::fmt::Write as _;
use wire::control::{CellView, FleetView};

/// Where the table stands in the page.
pub(super) const PLACE: &str = "<!-- table -->";

/// The page with the table of this moment in it; without one if the register cannot be read.
pub(super) fn render_page(page: &str, fleet: Option<&FleetView>) -> String {
    let table = fleet.map_or_else(
        || String::from("<p class=\"trouble\">The register cannot be read.</p>"),
        render_table,
    );
    page.replacen(PLACE, &table, 1)
}

fn render_table(fleet: &FleetView) -> String {
    let mut text = format!(
        "<p>{} cells, {} organisations</p><table><thead><tr>",
        fleet.cells.len(),
        fleet.orgs_total
    );
    for head in [
        "Cell",
        "Region",
        "Size",
        "State",
        "Organisations",
        "Health",
        "Requests/s",
        "Errors/s",
        "p99",
    ] {
        // Writing into a text does not fail.
        let _ = write!(text, "<th scope=\"col\">{head}</th>");
    }
    text.push_str("</tr></thead><tbody>");
    for cell in &fleet.cells {
        render_row(cell, &mut text);
    }
    text.push_str("</tbody></table>");
    text
}

fn render_row(cell: &CellView, text: &mut String) {
    let health = match &cell.health {
        Some(health) if health.ready => "healthy",
        Some(_) => "not ready",
        None => "does not answer",
    };
    let traffic = cell.traffic.as_ref();
    let count = |count: Option<u64>| count.unwrap_or_default().to_string();
    let p99 = traffic.filter(|traffic| traffic.requests > 0);
    let p99 = p99.map_or_else(
        || String::from("–"),
        |traffic| format!("{:.1} ms", traffic.p99_micros as f64 / 1_000.0),
    );
    let _ = write!(
        text,
        "<tr><th scope=\"row\">{}</th>",
        escape(cell.name.as_str())
    );
    for column in [
        cell.region.as_str(),
        cell.size.as_str(),
        cell.state.as_str(),
        &format!("{} of {}", cell.orgs, cell.size.rated_orgs()),
        health,
        &count(traffic.map(|traffic| traffic.requests)),
        &count(traffic.map(|traffic| traffic.errors)),
        &p99,
    ] {
        let _ = write!(text, "<td>{}</td>", escape(column));
    }
    text.push_str("</tr>");
}

/// Text that is text in HTML, between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{PLACE, render_page};
    use crate::page::PAGE;
    use vocab::epoch::Epoch;
    use wire::control::{CellSize, CellState, CellView, FleetView};
    use wire::names::CellName;

    #[test]
    fn the_page_has_a_place_for_the_table_and_names_in_it_are_text() {
        assert_eq!(PAGE.matches(PLACE).count(), 1);
        let cell = CellView {
            name: CellName::parse("cell-a").unwrap(),
            region: String::from("<script>alert('&')</script>"),
            cloud: String::new(),
            regimes: Vec::new(),
            size: CellSize::Small,
            address: String::from("127.0.0.1:1"),
            state: CellState::Draining,
            epoch: Epoch::FIRST,
            orgs: 12,
            health: None,
            traffic: None,
            waiting: None,
        };
        let fleet = FleetView {
            cells: vec![cell],
            orgs_total: 12,
            moves: Vec::new(),
            changes: Vec::new(),
        };
        let page = render_page(PAGE, Some(&fleet));
        for part in [
            "<p>1 cells, 12 organisations</p>",
            "<th scope=\"row\">cell-a</th>",
            "<td>&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;</td>",
            "<td>draining</td>",
            "<td>12 of 1000</td>",
            "<td>does not answer</td>",
        ] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("<script>"), "{page}");
        assert!(render_page(PAGE, None).contains("The register cannot be read."));
    }
}
