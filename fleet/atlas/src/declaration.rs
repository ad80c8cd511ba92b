//! What a cell says of itself when it joins: read whole, so that whoever mistook three fields hears of all three, and compared
//! with what the register has. Pure.

use crate::refusal::{FieldProblem, Refusal};
use crate::register::check_text;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::BTreeMap;
use wire::control::{CellState, CellView, DeclareCell};
use wire::routes::entry::ADDRESS_CHARS_MAX;

/// Most compliance regimes of a cell.
const REGIMES_MAX: usize = 50;
/// Most problems that are told at once.
const PROBLEMS_MAX: usize = 20;
/// Characters that are shown of a field that there is not.
const STRANGE_CHARS_MAX: usize = 40;

/// The fields, whatever stands in them.
#[derive(Deserialize)]
struct Offered {
    name: Option<Value>,
    region: Option<Value>,
    cloud: Option<Value>,
    regimes: Option<Value>,
    size: Option<Value>,
    address: Option<Value>,
    state: Option<Value>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// Reads a declaration.
///
/// # Errors
/// [`Refusal::Fields`] with everything that is missing, strange or wrong.
pub fn parse_declaration(body: &[u8]) -> Result<DeclareCell, Refusal> {
    let offered: Offered = serde_json::from_slice(body).map_err(|error| Refusal::Invalid {
        field: "body",
        problem: format!(
            "send one JSON object with name, region, cloud, regimes, size, address and state; this is none: {error}"
        ),
    })?;
    let mut problems = Vec::new();
    let name = read("name", "such as cell-a", offered.name, &mut problems);
    let region = read("region", "such as eu-west", offered.region, &mut problems);
    let cloud = read(
        "cloud",
        "whose machines it runs on",
        offered.cloud,
        &mut problems,
    );
    let regimes = read(
        "regimes",
        "a list, which may be empty",
        offered.regimes,
        &mut problems,
    );
    let sizes = "small, medium, large or extra_large";
    let size = read("size", sizes, offered.size, &mut problems);
    let address = read("address", "host:port", offered.address, &mut problems);
    let state = read("state", "building or open", offered.state, &mut problems);
    let strange = offered.others.keys().map(|field| FieldProblem {
        field: field.chars().take(STRANGE_CHARS_MAX).collect(),
        problem: String::from("there is no such field"),
    });
    problems.extend(strange);
    problems.extend(check_values(&Values {
        region: region.as_deref(),
        cloud: cloud.as_deref(),
        regimes: regimes.as_deref(),
        address: address.as_deref(),
        state,
    }));
    match (name, region, cloud, regimes, size, address, state) {
        (
            Some(name),
            Some(region),
            Some(cloud),
            Some(regimes),
            Some(size),
            Some(address),
            Some(state),
        ) if problems.is_empty() => Ok(DeclareCell {
            name,
            region,
            cloud,
            regimes,
            size,
            address,
            state,
        }),
        _ => Err(refuse(problems)),
    }
}

fn read<T: DeserializeOwned>(
    field: &str,
    wanted: &str,
    value: Option<Value>,
    problems: &mut Vec<FieldProblem>,
) -> Option<T> {
    let problem = match value {
        None => format!("it is missing: {wanted}"),
        Some(value) => match serde_json::from_value(value) {
            Ok(value) => return Some(value),
            Err(error) => format!("{error}: {wanted}"),
        },
    };
    problems.push(FieldProblem {
        field: field.to_owned(),
        problem,
    });
    None
}

fn refuse(mut problems: Vec<FieldProblem>) -> Refusal {
    problems.truncate(PROBLEMS_MAX);
    Refusal::Fields { problems }
}

/// Whether a declaration can stand as it is.
///
/// # Errors
/// [`Refusal::Fields`] with everything that is wrong.
pub fn check_declaration(cell: &DeclareCell) -> Result<(), Refusal> {
    let problems = check_values(&Values {
        region: Some(&cell.region),
        cloud: Some(&cell.cloud),
        regimes: Some(&cell.regimes),
        address: Some(&cell.address),
        state: Some(cell.state),
    });
    match problems.is_empty() {
        true => Ok(()),
        false => Err(refuse(problems)),
    }
}

/// The values that could be read.
struct Values<'v> {
    region: Option<&'v str>,
    cloud: Option<&'v str>,
    regimes: Option<&'v [String]>,
    address: Option<&'v str>,
    state: Option<CellState>,
}

fn check_values(values: &Values<'_>) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut add = |field: &str, problem: String| {
        let field = field.to_owned();
        problems.push(FieldProblem { field, problem });
    };
    let regimes = values.regimes.unwrap_or_default();
    let texts = [("region", values.region), ("cloud", values.cloud)];
    let texts = texts
        .into_iter()
        .filter_map(|(field, text)| Some((field, text?)));
    let of_regimes = regimes.iter().map(|regime| ("regimes", regime.as_str()));
    for (field, text) in texts.chain(of_regimes.take(REGIMES_MAX)) {
        if let Err(Refusal::Invalid { problem, .. }) = check_text(field, text) {
            add(field, problem);
        }
    }
    if regimes.len() > REGIMES_MAX {
        add("regimes", format!("name at most {REGIMES_MAX}"));
    }
    if let Some(address) = values.address.filter(|address| !is_address(address)) {
        let shown: String = address.chars().take(ADDRESS_CHARS_MAX).collect();
        add("address", format!("{shown:?} is not host:port"));
    }
    let is_new = |state: &CellState| matches!(state, CellState::Building | CellState::Open);
    if values.state.is_some_and(|state| !is_new(&state)) {
        add("state", String::from("a new cell is building or open"));
    }
    problems
}

fn is_address(address: &str) -> bool {
    let has_port = address.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    has_port
        && address.len() <= ADDRESS_CHARS_MAX
        && address.parse::<http::uri::Authority>().is_ok()
}

/// What a declaration comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Declared {
    /// The cell is new.
    New,
    /// It is there as it was declared.
    AsBefore,
    /// It is there, and has moved house.
    Moved(Box<CellView>),
}

/// Whether the cell itself was found at the address, by its certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sighting {
    /// It was.
    There,
    /// It was not, or was not looked for.
    Unknown,
}

/// The cell that has the address of this one already. One that is closed serves nobody there.
#[must_use]
pub fn find_neighbour<'k>(wanted: &DeclareCell, known: &'k [CellView]) -> Option<&'k CellView> {
    known.iter().find(|cell| {
        cell.name != wanted.name
            && cell.address == wanted.address
            && cell.state != CellState::Closed
    })
}

/// What becomes of a declaration, by the cells that there are. What a cell is does not change; where it is reached may. An
/// address that is another cell's is believed of the one that proves by its certificate that it is there: ports go from one
/// process to the next.
///
/// # Errors
/// [`Refusal::CellDiffers`] or [`Refusal::AddressTaken`].
pub fn decide_declaration(
    wanted: &DeclareCell,
    known: &[CellView],
    sighting: Sighting,
) -> Result<Declared, Refusal> {
    let same = known.iter().find(|cell| cell.name == wanted.name);
    if let Some(known) = same {
        let differences = render_differences(wanted, known);
        if !differences.is_empty() {
            return Err(Refusal::CellDiffers {
                name: wanted.name.to_string(),
                differences: differences.join("; "),
            });
        }
        if known.address == wanted.address {
            return Ok(Declared::AsBefore);
        }
    }
    if let Some(neighbour) = find_neighbour(wanted, known)
        && sighting == Sighting::Unknown
    {
        return Err(Refusal::AddressTaken {
            address: wanted.address.clone(),
            cell: neighbour.name.to_string(),
        });
    }
    Ok(same.map_or(Declared::New, |known| {
        Declared::Moved(Box::new(known.clone()))
    }))
}

fn render_differences(wanted: &DeclareCell, known: &CellView) -> Vec<String> {
    let (there, here) = (known.regimes.join(", "), wanted.regimes.join(", "));
    let pairs = [
        ("region", known.region.as_str(), wanted.region.as_str()),
        ("cloud", known.cloud.as_str(), wanted.cloud.as_str()),
        ("regimes", there.as_str(), here.as_str()),
        ("size", known.size.as_str(), wanted.size.as_str()),
    ];
    let differ = pairs
        .into_iter()
        .filter(|(_, known, wanted)| known != wanted);
    differ
        .map(|(field, known, wanted)| {
            format!("its {field} is {known:?} there, and {wanted:?} here")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{
        Declared, PROBLEMS_MAX, Sighting, check_declaration, decide_declaration, parse_declaration,
    };
    use crate::refusal::Refusal;
    use serde_json::{Value, json};
    use vocab::epoch::Epoch;
    use wire::control::{CellSize, CellState, CellView, DeclareCell};
    use wire::names::CellName;

    fn document() -> Value {
        json!({
            "name": "cell-a", "region": "eu", "cloud": "metal", "regimes": ["hipaa"], "size": "small",
            "address": "10.0.0.3:7001", "state": "open",
        })
    }

    fn parse(document: &Value) -> Result<DeclareCell, String> {
        parse_declaration(&serde_json::to_vec(document).unwrap())
            .map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let whole = parse(&document()).unwrap();
        check_declaration(&whole).unwrap();
        let missing = parse(&json!({})).unwrap_err();
        for field in [
            "name", "region", "cloud", "regimes", "size", "address", "state",
        ] {
            assert!(
                missing.contains(&format!("{field}: it is missing")),
                "{missing}"
            );
        }
        let mut wrong = document();
        for (field, value) in [
            ("name", json!("Cell A")),
            ("region", json!(" eu")),
            ("size", json!("huge")),
            ("address", json!("10.0.0.3")),
            ("state", json!("full")),
            ("color", json!("red")),
        ] {
            wrong[field] = value;
        }
        let said = parse(&wrong).unwrap_err();
        for part in [
            "name: ",
            "region: use 1 to",
            "size: unknown variant `huge`",
            "extra_large",
            "address: \"10.0.0.3\" is not host:port",
            "state: a new cell is building or open",
            "color: there is no such field",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("cloud"), "{said}");
        assert!(parse(&json!([])).unwrap_err().starts_with("body: "));
        let mut strange = document();
        for number in 0..PROBLEMS_MAX * 2 {
            strange[format!("field-{number}")] = json!(1);
        }
        let said = parse(&strange).unwrap_err();
        assert_eq!(said.matches("no such field").count(), PROBLEMS_MAX);
    }

    fn wanted(name: &str, address: &str) -> DeclareCell {
        DeclareCell {
            name: CellName::parse(name).unwrap(),
            region: String::from("eu"),
            cloud: String::from("metal"),
            regimes: Vec::new(),
            size: CellSize::Small,
            address: address.to_owned(),
            state: CellState::Open,
        }
    }

    fn known(name: &str, address: &str, state: CellState) -> CellView {
        CellView {
            name: CellName::parse(name).unwrap(),
            region: String::from("eu"),
            cloud: String::from("metal"),
            regimes: Vec::new(),
            size: CellSize::Small,
            address: address.to_owned(),
            state,
            epoch: Epoch::FIRST,
            orgs: 0,
            health: None,
            traffic: None,
            waiting: None,
        }
    }

    #[test]
    fn an_address_is_one_cells_and_what_a_cell_is_stays() {
        use Sighting::{There, Unknown};
        let cells = [
            known("cell-a", "host:1", CellState::Open),
            known("cell-b", "host:2", CellState::Full),
            known("cell-c", "host:3", CellState::Closed),
        ];
        let decide = |name: &str, address: &str, sighting| {
            decide_declaration(&wanted(name, address), &cells, sighting)
        };
        assert_eq!(decide("cell-d", "host:4", Unknown).unwrap(), Declared::New);
        assert_eq!(
            decide("cell-a", "host:1", Unknown).unwrap(),
            Declared::AsBefore
        );
        let moved = decide("cell-a", "host:4", Unknown).unwrap();
        assert_eq!(moved, Declared::Moved(Box::new(cells[0].clone())));
        for name in ["cell-a", "cell-d"] {
            let said = decide(name, "host:2", Unknown).unwrap_err().to_string();
            assert!(said.contains("host:2") && said.contains("cell-b"), "{said}");
            decide(name, "host:2", There).unwrap();
        }
        decide("cell-d", "host:3", Unknown).unwrap();

        let other = DeclareCell {
            region: String::from("us"),
            size: CellSize::Large,
            ..wanted("cell-a", "host:1")
        };
        let refused = decide_declaration(&other, &cells, There).unwrap_err();
        assert!(matches!(refused, Refusal::CellDiffers { .. }), "{refused}");
        let said = refused.to_string();
        for part in [
            "cell-a is in the register already",
            "its region is \"eu\" there, and \"us\" here",
            "its size is \"small\" there, and \"large\" here",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }
}
