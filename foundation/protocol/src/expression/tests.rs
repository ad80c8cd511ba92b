//! What an expression is, what it says of a person, and what is none, as tables.

use super::{
    Budget, EXPRESSION_BYTES_MAX, EXPRESSION_DEPTH_MAX, EXPRESSION_NODES_MAX, EvaluationError,
    Expression, Facts, GroupFact, Groups, Kind, Membership, PRODUCED_BYTES_MAX, STEPS_MAX, Value,
    Wrong,
};
use crate::properties::check_expression;
use proptest::prelude::{any, prop, prop_assert_eq, proptest};

fn kind_of(name: &str) -> Option<Kind> {
    match name {
        "department" | "login" | "title" | "missing" | "long" => Some(Kind::Text),
        "level" => Some(Kind::Number),
        "remote" | "unset" => Some(Kind::Flag),
        "stale" => Some(Kind::Any),
        _ => None,
    }
}

fn attribute(name: &str) -> Value {
    match name {
        "department" => Value::Text("Eng".into()),
        "login" => Value::Text("ada@example.com".into()),
        "title" => Value::Text("Señor  Dev".into()),
        "long" => Value::Text("x".repeat(1_000)),
        "level" => Value::Number(7),
        "remote" => Value::Flag(true),
        "stale" => Value::Number(1),
        _ => Value::Nothing,
    }
}

fn groups(names: &[&str]) -> Groups {
    Groups::of(names.iter().map(|name| GroupFact {
        id: format!("00g{name}"),
        name: String::from(*name),
    }))
}

fn evaluate(text: &str) -> Result<bool, EvaluationError> {
    let groups = groups(&["Engineers", "Everyone"]);
    let expression =
        Expression::parse(text, &kind_of).unwrap_or_else(|error| panic!("{text}: {error}"));
    let facts = Facts {
        attribute: &attribute,
        groups: &groups,
    };
    expression.holds(&facts)
}

#[test]
fn expressions_hold_of_a_person_or_not() {
    for (text, expected) in [
        ("true", true),
        ("user.department==\"Eng\"", true),
        ("user.department == 'Eng'", true),
        ("user.department eq 'eng'", false),
        ("user.department != \"Eng\"", false),
        ("user.department ne \"Sales\"", true),
        ("user.level > 6 and user.level <= 7", true),
        ("user.level LT 7 || user.level ge 8", false),
        ("user.level == -7", false),
        ("user.department < 'Enh'", true),
        ("user.remote", true),
        ("!user.remote", false),
        ("not user.level == 7", false),
        ("! user.department == 'Eng' or user.remote", true),
        (
            "user.remote && !(user.level == 1) AND user.department == \"Eng\"",
            true,
        ),
        ("true or false and false", true),
        ("(true or false) and false", false),
        ("user.login == \"ada\" + '@' + \"example.com\"", true),
        ("user.level + 3 == 10", true),
        ("user.remote ? user.level == 7 : user.level == 8", true),
        (
            "(user.level > 9 ? 'a' : user.level > 6 ? 'b' : 'c') == 'b'",
            true,
        ),
        // What is not there.
        ("user.missing == null", true),
        ("user.department != null", true),
        ("user.missing == 'x' or user.missing != 'x'", true),
        ("user.missing < 'x' or user.missing >= 'x'", false),
        ("user.unset or !user.unset", true),
        ("user.missing + 'x' == null", true),
        ("String.startsWith(user.missing, '')", false),
        ("String.len(user.missing) == null", true),
        // What is of another kind than it was.
        ("String.startsWith(user.stale, '1')", false),
        ("user.stale == 1", true),
        ("user.stale == '1'", false),
        // Texts.
        ("String.startsWith(user.login, \"ada@\")", true),
        ("String.stringContains(user.login, 'ple.c')", true),
        ("String.toUpperCase(user.department) == 'ENG'", true),
        ("String.toLowerCase('ÄB') == 'äb'", true),
        ("String.substring(user.title, 0, 5) == 'Señor'", true),
        ("String.substring(user.title, 7, 99) == 'Dev'", true),
        ("String.substring(user.title, -3, 1) == 'S'", true),
        ("String.substring(user.title, 5, 2) == ''", true),
        ("String.substringBefore(user.login, '@') == 'ada'", true),
        (
            "String.substringAfter(user.login, '@') == 'example.com'",
            true,
        ),
        ("String.substringAfter(user.login, '#') == user.login", true),
        ("String.len(user.title) == 10", true),
        ("String.removeSpaces(user.title) == 'SeñorDev'", true),
        ("String.replace('a-b-c', '-', '+') == 'a+b+c'", true),
        ("String.replaceFirst('a-b-c', '-', '+') == 'a+b-c'", true),
        ("String.replace('abc', '', 'x') == 'abc'", true),
        ("String.append('a', 'b') == 'ab'", true),
        ("String.join('-', 'a', 'b', 'c') == 'a-b-c'", true),
        (
            "String.stringSwitch(user.department, 'none', 'Sa', '1', 'En', '2') == '2'",
            true,
        ),
        (
            "String.stringSwitch('x', 'none', 'Sa', '1') == 'none'",
            true,
        ),
        (
            "Convert.toInt(' 12') == 12 and Convert.toInt('x') == null",
            true,
        ),
        (r#"'it\'s' == "it's" and "a\\b" == 'a\\b'"#, true),
        // Lists.
        ("Arrays.contains({'Eng', 'Sales'}, user.department)", true),
        ("Arrays.contains({1, 2}, user.level)", false),
        ("Arrays.size({'a', {}}) == 2 and Arrays.isEmpty({})", true),
        // Groups.
        ("isMemberOfGroup('00gEngineers')", true),
        ("isMemberOfAnyGroup('00gx', \"00gEveryone\")", true),
        ("isMemberOfAnyGroup('00gx')", false),
        (
            "isMemberOfGroupName('Engineers') and !isMemberOfGroupName('engineers')",
            true,
        ),
        ("isMemberOfGroupNameStartsWith('Eng')", true),
        ("isMemberOfGroupNameContains('very')", true),
        ("isMemberOfGroupNameContains('Sales')", false),
    ] {
        assert_eq!(evaluate(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_expression_is_refused_at_its_column() {
    let unknown = |name: &str| Wrong::Unknown(name.into());
    for (text, column, wrong) in [
        ("", 1, Wrong::NoValue),
        ("   ", 4, Wrong::NoValue),
        ("user.department", 1, Wrong::Not(Kind::Flag)),
        ("user", 5, Wrong::NoSign(".")),
        ("user.team == 'x'", 1, unknown("user.team")),
        ("department == 'x'", 1, unknown("department")),
        ("user.department = 'x'", 17, Wrong::Surplus),
        ("user.department == 7", 17, Wrong::NeverEqual),
        ("user.remote == 'true'", 13, Wrong::NeverEqual),
        ("user.remote < true", 13, Wrong::NoOrder),
        ("user.level < 'a'", 12, Wrong::NoOrder),
        ("user.level and true", 1, Wrong::Not(Kind::Flag)),
        ("true and user.level", 10, Wrong::Not(Kind::Flag)),
        ("!user.department", 2, Wrong::Not(Kind::Flag)),
        ("user.level + 'a' == 'b'", 14, Wrong::Not(Kind::Number)),
        ("user.remote + 'a' == 'b'", 1, Wrong::Not(Kind::Text)),
        ("true ? 1 : 'a'", 12, Wrong::Not(Kind::Number)),
        ("true ? true", 12, Wrong::NoSign(":")),
        ("(true", 6, Wrong::NoSign(")")),
        ("true)", 5, Wrong::Surplus),
        ("'ä' == 'x' é", 12, Wrong::Sign('é')),
        ("user.department == \"Eng", 20, Wrong::EndlessText),
        ("user.level == 99999999999999999999", 15, Wrong::LargeNumber),
        ("String.reverse('a') == 'b'", 1, unknown("String.reverse")),
        (
            "String.len('a', 'b') == 1",
            1,
            Wrong::Arguments("String.len"),
        ),
        ("String.len(7) == 1", 12, Wrong::Not(Kind::Text)),
        (
            "String.stringSwitch('a', 'b', 'c') == 'b'",
            1,
            Wrong::Arguments("String.stringSwitch"),
        ),
        ("Arrays.contains('a', 'b')", 17, Wrong::Not(Kind::List)),
        ("isMemberOfGroup()", 1, Wrong::Arguments("isMemberOfGroup")),
        ("isMemberOfGroup(user.department)", 17, Wrong::GroupNotNamed),
        (
            "isMemberOfGroupNameRegex('a')",
            1,
            unknown("isMemberOfGroupNameRegex"),
        ),
        ("true && ", 9, Wrong::NoValue),
        ("1 == 1 == true", 8, Wrong::Surplus),
    ] {
        let error = Expression::parse(text, &kind_of).unwrap_err();
        assert_eq!((error.column, error.wrong), (column, wrong), "{text}");
    }
}

#[test]
fn every_bound_is_kept() {
    let wrong = |text: &str| Expression::parse(text, &kind_of).unwrap_err().wrong;
    assert_eq!(wrong(&"x".repeat(EXPRESSION_BYTES_MAX + 1)), Wrong::TooLong);
    let nested = |depth: usize| format!("{}true{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Expression::parse(&nested(EXPRESSION_DEPTH_MAX - 1), &kind_of).is_ok());
    assert_eq!(wrong(&nested(EXPRESSION_DEPTH_MAX)), Wrong::TooDeep);
    assert_eq!(
        wrong(&format!("{}true", "!".repeat(EXPRESSION_DEPTH_MAX))),
        Wrong::TooDeep
    );
    let many = |count: usize| vec!["true"; count].join("&&");
    assert!(Expression::parse(&many(EXPRESSION_NODES_MAX - 1), &kind_of).is_ok());
    assert_eq!(wrong(&many(EXPRESSION_NODES_MAX)), Wrong::TooManyParts);
    // Each step makes the text eight times as long.
    let mut grown = String::from("user.long");
    for _ in 0..4 {
        grown = format!("String.replace({grown}, 'x', 'xxxxxxxx')");
    }
    assert_eq!(
        evaluate(&format!("{grown} == ''")),
        Err(EvaluationError::TooMuchText)
    );
    let joined = format!(
        "String.join(user.long, {}) == ''",
        vec!["''"; 100].join(",")
    );
    assert_eq!(evaluate(&joined), Err(EvaluationError::TooMuchText));
    assert_eq!(
        evaluate(&format!("user.level + {} == 1", i64::MAX)),
        Err(EvaluationError::LargeSum)
    );
}

#[test]
fn the_groups_that_count_are_known_beforehand() {
    let text = "isMemberOfGroup('a') or !isMemberOfGroupNameContains('b') and user.remote";
    let expression = Expression::parse(text, &kind_of).unwrap();
    assert_eq!(
        expression.memberships(),
        [
            Membership::Ids(vec!["a".into()]),
            Membership::NameContains("b".into())
        ]
    );
    assert!(expression.memberships()[1].fits("x", "abc"));
    assert!(!expression.memberships()[0].fits("x", "a"));
}

#[test]
fn the_attributes_that_count_are_known_beforehand() {
    let text = "user.remote and String.len(user.department) > 2 ? user.level > 3 : user.department == 'Eng'";
    let expression = Expression::parse(text, &kind_of).unwrap();
    let named: Vec<&str> = expression.attributes().iter().map(String::as_str).collect();
    assert_eq!(named, ["department", "level", "remote"]);
}

#[test]
fn expressions_are_values_of_their_kind() {
    let groups = groups(&[]);
    let facts = Facts {
        attribute: &attribute,
        groups: &groups,
    };
    let text = |text: &str| Some(Value::Text(text.into()));
    for (written, kind, expected) in [
        ("user.department", Kind::Text, text("Eng")),
        (
            "String.toUpperCase(user.department) + '-' + user.login",
            Kind::Text,
            text("ENG-ada@example.com"),
        ),
        (
            "String.substringBefore(user.login, '@')",
            Kind::Text,
            text("ada"),
        ),
        (
            "user.level > 6 ? 'senior' : 'junior'",
            Kind::Text,
            text("senior"),
        ),
        (
            "user.department + user.missing",
            Kind::Text,
            Some(Value::Nothing),
        ),
        ("user.missing", Kind::Text, Some(Value::Nothing)),
        ("null", Kind::Text, Some(Value::Nothing)),
        ("user.level + 1", Kind::Number, Some(Value::Number(8))),
        ("user.remote", Kind::Flag, Some(Value::Flag(true))),
        ("user.level", Kind::Text, None),
        ("user.department", Kind::Number, None),
        ("user.department == 'Eng'", Kind::Text, None),
        ("{'a'}", Kind::Text, None),
        ("", Kind::Text, None),
        ("user.nobody", Kind::Text, None),
    ] {
        let read = Expression::parse_of(kind, written, &kind_of).ok();
        let value = read.map(|read| read.value(&facts).unwrap());
        assert_eq!(value, expected, "{written}");
    }
    let long = format!("user.long{}", " + user.long".repeat(80));
    let read = Expression::parse_of(Kind::Text, &long, &kind_of).unwrap();
    assert_eq!(read.value(&facts), Err(EvaluationError::TooMuchText));
    let error = Expression::parse_of(Kind::Text, "user.level", &kind_of).unwrap_err();
    assert_eq!((error.column, error.wrong), (1, Wrong::Not(Kind::Text)));
}

fn written() -> impl proptest::strategy::Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "user.department",
        "user.level",
        "user.remote",
        "user.login",
        "user.absent",
        "and",
        "or",
        "not",
        "!",
        "&&",
        "||",
        "==",
        "!=",
        "<",
        ">=",
        "+",
        "-",
        "?",
        ":",
        "(",
        ")",
        "{",
        "}",
        ",",
        "'Eng'",
        "\"x\"",
        "7",
        "true",
        "null",
        "String.len(",
        "String.replace(",
        "String.startsWith(",
        "Arrays.contains(",
        "isMemberOfGroup(",
        "isMemberOfGroupNameContains('E')",
    ]);
    proptest::strategy::Strategy::prop_map(prop::collection::vec(word, 0..24), |words| {
        words.join(" ")
    })
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_refused(text in any::<String>()) {
        prop_assert_eq!(check_expression(text.as_bytes()), Ok(()));
    }

    #[test]
    fn words_in_any_order_are_an_expression_or_refused(text in written()) {
        prop_assert_eq!(check_expression(text.as_bytes()), Ok(()));
    }
}

#[test]
fn several_evaluations_take_no_more_than_there_is_for_all() {
    let facts = Facts {
        attribute: &attribute,
        groups: &groups(&[]),
    };
    let read = |text: &str| Expression::parse_of(Kind::Text, text, &kind_of).unwrap();
    let (short, long) = (read("user.department + '!'"), read("user.long + user.long"));
    let made = short.value(&facts).unwrap();
    // Three steps, and "Eng" and "Eng!".
    let mut budget = Budget {
        steps: 8,
        bytes: 14,
    };
    assert_eq!(short.value_within(&facts, &mut budget), Ok(made.clone()));
    assert_eq!(budget, Budget { steps: 5, bytes: 7 });
    assert_eq!(short.value_within(&facts, &mut budget), Ok(made));
    let spent = Err(EvaluationError::BudgetSpent);
    assert_eq!(short.value_within(&facts, &mut budget), spent);
    for (steps, bytes) in [(2, 1_000), (1_000, 6), (0, 0)] {
        let mut budget = Budget { steps, bytes };
        assert_eq!(
            short.value_within(&facts, &mut budget),
            spent,
            "{steps} {bytes}"
        );
    }
    // One that reaches a bound of its own says so, and what it took is taken all the same.
    let much = read(&format!("user.long{}", " + user.long".repeat(80)));
    let all = Budget {
        steps: STEPS_MAX,
        bytes: PRODUCED_BYTES_MAX * 2,
    };
    let mut budget = all;
    let own = Err(EvaluationError::TooMuchText);
    assert_eq!(much.value_within(&facts, &mut budget), own);
    assert!(budget.bytes < PRODUCED_BYTES_MAX);
    assert!(long.value_within(&facts, &mut budget).is_ok());
    assert_eq!(much.value_within(&facts, &mut budget), spent);
}

#[test]
fn what_an_expression_takes_at_most_is_known_beforehand() {
    let many: Vec<String> = (0..40).map(|number| format!("Group {number}")).collect();
    let names: Vec<&str> = many.iter().map(String::as_str).collect();
    let groups = groups(&names);
    let facts = Facts {
        attribute: &attribute,
        groups: &groups,
    };
    assert_eq!(groups.count(), 40);
    for (text, steps, holds) in [
        ("true", 1, true),
        ("isMemberOfGroupName('Group 39')", 2, true),
        ("isMemberOfGroupName('Group')", 2, false),
        ("isMemberOfGroupNameStartsWith('Group 3')", 2, true),
        ("isMemberOfGroupNameStartsWith('Group 40')", 2, false),
        ("isMemberOfAnyGroup('a', '00gGroup 2', 'b')", 4, true),
        ("isMemberOfGroupNameContains('none')", 41, false),
        (
            "isMemberOfGroupNameContains('none') or user.level > 8",
            45,
            false,
        ),
    ] {
        let expression = Expression::parse(text, &kind_of).unwrap();
        assert_eq!(expression.steps_max(groups.count()), steps, "{text}");
        for (given, expected) in [(steps, Ok(holds)), (0, Err(EvaluationError::BudgetSpent))] {
            let mut budget = Budget {
                steps: given,
                bytes: PRODUCED_BYTES_MAX,
            };
            assert_eq!(
                expression.holds_within(&facts, &mut budget),
                expected,
                "{text}"
            );
        }
    }
}

#[test]
fn what_is_searched_time_and_again_is_bounded() {
    let facts = Facts {
        attribute: &attribute,
        groups: &groups(&[]),
    };
    let asking = |times: usize| {
        let pairs = ", 'y', 'z'".repeat(times);
        let text = format!("String.stringSwitch(user.long, 'other'{pairs}) == 'other'");
        let expression = Expression::parse(&text, &kind_of).unwrap();
        expression.holds(&facts)
    };
    assert_eq!(asking(200), Ok(true));
    // Fewer texts are looked for, in a longer one.
    let long = "String.stringSwitch(user.long + user.long, 'other', ".to_owned();
    let text = format!("{long}{}) == 'other'", ["'y', 'z'"; 140].join(", "));
    let expression = Expression::parse(&text, &kind_of).unwrap();
    assert_eq!(expression.holds(&facts), Err(EvaluationError::TooMuchText));
}
