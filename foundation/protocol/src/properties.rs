//! What must hold of the parsers for any bytes whatever. Each check is run by property tests of this crate on random
//! input and by the fuzz targets on searched input, so that both hold the parsers to the same rule.
//!
//! A check must itself never panic: it returns what was violated.

use crate::expression::{
    EXPRESSION_BYTES_MAX, Expression, Facts, GroupFact, Groups, Kind, Value as Fact, Wrong,
};
use crate::filter::{FILTER_BYTES_MAX, Filter};
use crate::jose::algorithm::Algorithm;
use crate::jose::base64url;
use crate::jose::jwk::Jwk;
use crate::jose::jwks::{JWKS_KEYS_MAX, Jwks};
use crate::jose::jws::verify::{JwsError, TOKEN_BYTES_MAX, parse_unverified};
use crate::keywords::{KEYWORD_CHARS_MAX, KEYWORDS_BYTES_MAX, KEYWORDS_MAX, Keywords, each_word};
use crate::oauth::authorize::{ResponseMode, parse_authorize_request, parse_envelope};
use crate::oauth::client_auth::{ClientCredentials, ClientProof, parse_basic};
use crate::oauth::form::{FORM_BYTES_MAX, Form, FormError, render_form};
use crate::oauth::redirect_uri::{ClientKind, RedirectUri};
use crate::oauth::response::{
    Answer, AuthorizationResponse, RenderedResponse, render_authorization_response,
};
use crate::oauth::scope::{SCOPES_MAX, ScopeSet, is_scope_token};
use crate::oidc::relying::{
    ERROR_CODE_BYTES_MAX, USERINFO_BYTES_MAX, parse_bearer_answer, parse_token_answer,
    parse_token_error, parse_userinfo,
};
use crate::resource_name::{self, Way};
use crate::scim::bulk::{Turn, parse_bulk, plan_turns};
use crate::scim::patch::apply::apply;
use crate::scim::patch::{Op, parse_patch};
use crate::scim::path::PatchPath;
use crate::scim::{BULK_OPERATIONS_MAX, PATCH_OPERATIONS_MAX, PATH_BYTES_MAX};
use serde_json::{Map, Value, json};

/// A property that does not hold, in words.
pub type Violation = &'static str;

fn hold(is_held: bool, violation: Violation) -> Result<(), Violation> {
    if is_held { Ok(()) } else { Err(violation) }
}

/// A signed token has one spelling, and none verifies without a key.
///
/// # Errors
/// The property that does not hold.
pub fn check_compact_jws(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let Ok(unverified) = parse_unverified(text) else {
        return Ok(());
    };
    hold(
        text.len() <= TOKEN_BYTES_MAX,
        "a token over its bound was read",
    )?;
    let parts: Vec<&str> = text.split('.').collect();
    hold(parts.len() == 3, "a token without three parts was read")?;
    for part in parts {
        let decoded = base64url::parse(part).map_err(|_| "a part that is no base64url was read")?;
        hold(
            base64url::render(&decoded) == part,
            "a part has a second spelling",
        )?;
    }
    let verdict = unverified.verify(&Jwks::default(), &Algorithm::ALL);
    hold(
        verdict.err() == Some(JwsError::NoKey),
        "a token was verified without a key",
    )
}

/// A key that parses renders to a key that is equal, and never shows a private member.
///
/// # Errors
/// The property that does not hold.
pub fn check_jwk(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(key) = Jwk::parse(bytes) else {
        return Ok(());
    };
    let rendered = key.render();
    hold(
        rendered.get("d").is_none() && rendered.get("k").is_none(),
        "a private member was rendered",
    )?;
    let again =
        Jwk::parse(rendered.to_string().as_bytes()).map_err(|_| "a rendered key does not parse")?;
    hold(again == key, "a key changed on the way")?;
    hold(
        again.thumbprint() == key.thumbprint(),
        "a thumbprint changed on the way",
    )
}

/// What is read of another provider's answer is within its bounds and on one line, and is about the subject that was asked for.
///
/// # Errors
/// The property that does not hold.
pub fn check_provider_answer(bytes: &[u8]) -> Result<(), Violation> {
    let is_token = |token: &String| {
        token.len() <= TOKEN_BYTES_MAX && token.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let bearer = parse_bearer_answer(bytes).ok();
    if let Some(bearer) = &bearer {
        let token = bearer.access_token.expose();
        hold(is_token(token), "a token that is none was read")?;
    }
    if let Ok(answer) = parse_token_answer(bytes) {
        hold(is_token(&answer.id_token), "a token that is none was read")?;
        let alone = bearer.map(|bearer| bearer.access_token);
        hold(
            alone.is_some_and(|alone| alone.expose() == answer.access_token.expose()),
            "two readers read two tokens",
        )?;
    }
    if let Some(code) = parse_token_error(bytes) {
        hold(
            code.len() <= ERROR_CODE_BYTES_MAX,
            "an error over its bound was read",
        )?;
    }
    if let Ok(keys) = Jwks::parse(bytes) {
        hold(
            keys.keys().len() <= JWKS_KEYS_MAX,
            "too many keys were read",
        )?;
    }
    let members = crate::json::parse_object(bytes, USERINFO_BYTES_MAX).unwrap_or_default();
    let subject = members
        .get("sub")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let Ok(person) = parse_userinfo(bytes, subject) else {
        return Ok(());
    };
    hold(person.subject == subject, "somebody else was read")?;
    let texts = [&person.email, &person.given_name, &person.family_name];
    let texts = texts.into_iter().flatten().chain([&person.subject]);
    let mut texts = texts.map(|text| text.chars());
    hold(
        texts.all(|mut chars| !chars.any(char::is_control)),
        "a text on several lines was read",
    )
}

/// A form has each name once, and its rendering parses to the same form.
///
/// # Errors
/// The property that does not hold.
pub fn check_form(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(form) = Form::parse(bytes) else {
        return Ok(());
    };
    hold(
        bytes.len() <= FORM_BYTES_MAX,
        "a form over its bound was read",
    )?;
    let pairs: Vec<(&str, &str)> = form.iter().collect();
    for (index, (name, value)) in pairs.iter().enumerate() {
        hold(
            !pairs.iter().skip(index + 1).any(|(other, _)| other == name),
            "a name appears twice",
        )?;
        hold(
            form.get(name) == Some(*value).filter(|value| !value.is_empty()),
            "a value is not found by its name",
        )?;
    }
    let rendered = render_form(&pairs);
    match Form::parse(rendered.as_bytes()) {
        Ok(again) => hold(
            again.iter().eq(pairs.iter().copied()),
            "a form changed on the way",
        ),
        // Percent-encoding may lengthen what was sent raw.
        Err(FormError::TooLarge | FormError::ParameterTooLong) => Ok(()),
        Err(_) => Err("a rendered form does not parse"),
    }
}

/// An authorization request that parses is consistent in itself, with its envelope and with the form.
///
/// # Errors
/// The property that does not hold.
pub fn check_authorize(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(form) = Form::parse(bytes) else {
        return Ok(());
    };
    let Ok(request) = parse_authorize_request(&form) else {
        return Ok(());
    };
    let envelope =
        parse_envelope(&form).map_err(|_| "a request parses and its envelope does not")?;
    hold(
        envelope.client_id == request.client_id,
        "envelope and request name two clients",
    )?;
    hold(
        envelope.redirect_uri == request.redirect_uri,
        "envelope and request name two addresses",
    )?;
    hold(
        envelope.state == request.state,
        "envelope and request have two states",
    )?;
    hold(
        form.get("state") == request.state.as_deref(),
        "the state changed on the way",
    )?;
    hold(
        form.get("response_type") == Some("code"),
        "another response type was read",
    )?;
    hold(
        form.get("request").is_none() && form.get("request_uri").is_none(),
        "a request object was passed over",
    )?;
    let prompts = request.prompts;
    let others = prompts.login || prompts.consent || prompts.select_account;
    hold(!(prompts.none && others), "prompt none stands with another")?;
    hold(
        request.max_age_secs.is_none_or(|seconds| seconds >= 0),
        "a negative age was read",
    )?;
    hold(
        request
            .code_challenge
            .is_none_or(|challenge| challenge.as_str().len() == 43),
        "a short challenge was read",
    )
}

/// Basic credentials that parse render to credentials that parse to the same.
///
/// # Errors
/// The property that does not hold.
pub fn check_basic(bytes: &[u8]) -> Result<(), Violation> {
    use base64::Engine as _;
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let Ok(credentials) = parse_basic(text) else {
        return Ok(());
    };
    let id = &credentials.client_id;
    let is_printable = id.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    hold(
        !id.is_empty() && is_printable,
        "a client id outside the grammar was read",
    )?;
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let joined = format!("{}:{}", encode(id), encode(secret_of(&credentials)));
    let rendered = base64::engine::general_purpose::STANDARD.encode(joined);
    match parse_basic(&rendered) {
        Ok(again) => hold(
            again.client_id == *id && secret_of(&again) == secret_of(&credentials),
            "credentials changed on the way",
        ),
        // Percent-encoding may lengthen what was sent raw.
        Err(_) => hold(
            rendered.len() > text.len(),
            "rendered credentials do not parse",
        ),
    }
}

fn secret_of(credentials: &ClientCredentials) -> &str {
    match &credentials.proof {
        ClientProof::SecretBasic(secret)
        | ClientProof::SecretPost(secret)
        | ClientProof::PrivateKeyJwt(secret) => secret.expose(),
        ClientProof::None => "",
    }
}

/// An address that may be registered leads where it says, matches itself, and carries answers unharmed.
///
/// # Errors
/// The property that does not hold.
pub fn check_redirect_uri(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let Ok(uri) = RedirectUri::parse(text, ClientKind::Native) else {
        return Ok(());
    };
    let url = url::Url::parse(text).map_err(|_| "an address that is no URL was registered")?;
    hold(uri.matches(text), "an address does not match itself")?;
    hold(
        !text.contains(['#', '*', '\\', '\t', '\n', '\r', ' ']),
        "an address with a dangerous character was registered",
    )?;
    let is_web = url.scheme() == "https" || url.scheme() == "http";
    hold(
        is_web || url.scheme().contains('.'),
        "an address with a dangerous scheme was registered",
    )?;
    let response = AuthorizationResponse {
        answer: Answer::Code("c&1"),
        state: Some("s#2"),
        issuer: "https://id.example",
    };
    let RenderedResponse::Redirect { location } =
        render_authorization_response(uri.as_str(), ResponseMode::Query, &response)
    else {
        return Err("a query answer was rendered as a form");
    };
    let sent = url::Url::parse(&location).map_err(|_| "an answer's address is no URL")?;
    hold(
        sent.origin() == url.origin() || !is_web,
        "an answer goes to another origin",
    )?;
    hold(
        sent.path() == url.path() || !is_web,
        "an answer goes to another path",
    )?;
    let found = |name: &str| {
        sent.query_pairs()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.into_owned())
            .collect::<Vec<_>>()
    };
    hold(
        found("code") == ["c&1"] && found("state") == ["s#2"],
        "an answer's parameters were harmed",
    )
}

/// A scope that parses consists of scope tokens and renders to a scope that is equal.
///
/// # Errors
/// The property that does not hold.
pub fn check_scope(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let Ok(scope) = ScopeSet::parse(text) else {
        return Ok(());
    };
    hold(scope.len() <= SCOPES_MAX, "too many scopes were read")?;
    hold(
        scope.iter().all(is_scope_token),
        "a scope outside the grammar was read",
    )?;
    hold(
        text.split(' ')
            .filter(|word| !word.is_empty())
            .all(|word| scope.contains(word)),
        "a scope was lost",
    )?;
    let again = ScopeSet::parse(&scope.render()).map_err(|_| "a rendered scope does not parse")?;
    hold(
        again == scope && scope.is_subset_of(&again),
        "a scope changed on the way",
    )
}

/// A filter that parses is within its bound, and its one spelling parses to the same filter.
///
/// # Errors
/// The property that does not hold.
pub fn check_filter(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let Ok(filter) = Filter::parse(text) else {
        return Ok(());
    };
    hold(
        text.len() <= FILTER_BYTES_MAX,
        "a filter over its bound was read",
    )?;
    let spelling = filter.to_string();
    if spelling.len() > FILTER_BYTES_MAX {
        return Ok(());
    }
    let again = Filter::parse(&spelling).map_err(|_| "a rendered filter does not parse")?;
    hold(again == filter, "a filter changed on the way")
}

/// Keywords have one spelling and keep their bounds, and each is found in the text that it comes from.
///
/// # Errors
/// The property that does not hold.
pub fn check_keywords(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let (mut words, mut room, mut is_bounded) = (Vec::new(), String::new(), true);
    each_word(text, &mut room, |word| {
        is_bounded &= !word.is_empty() && word.chars().count() <= KEYWORD_CHARS_MAX;
        if words.len() < KEYWORDS_BYTES_MAX {
            words.push(word.to_owned());
        }
    });
    hold(is_bounded, "a word is empty or too long")?;
    let Ok(keywords) = Keywords::parse(text) else {
        return Ok(());
    };
    hold(
        text.len() <= KEYWORDS_BYTES_MAX && keywords.iter().len() <= KEYWORDS_MAX,
        "keywords over their bounds were read",
    )?;
    for keyword in keywords.iter() {
        hold(
            words.iter().any(|word| word == keyword),
            "a keyword is no word of its own text",
        )?;
    }
    let again =
        Keywords::parse(&keywords.to_string()).map_err(|_| "keywords do not parse again")?;
    hold(again == keywords, "keywords changed on the way")
}

/// A name of a resource that is read is what was written, and keeps its bounds.
///
/// # Errors
/// The property that does not hold.
pub fn check_resource_name(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let (org, base) = ("00o1a2b3c4d5e6f7g8h9", "https://id.example/t/main");
    let Some(name) = resource_name::parse(text, org, base) else {
        return Ok(());
    };
    hold(
        text.len() <= resource_name::NAME_BYTES_MAX
            && name.words.len() <= resource_name::WORDS_MAX
            && name.words.iter().all(|word| !word.is_empty()),
        "a name over its bounds was read",
    )?;
    let (begin, between) = match name.way {
        Way::Directory => (format!("orn:okta:directory:{org}:"), ":"),
        Way::Provider => (format!("orn:okta:idp:{org}:"), ":"),
        Way::Address => (format!("{base}/api/v1/"), "/"),
    };
    hold(
        format!("{begin}{}", name.words.join(between)) == text,
        "a name is not what was written",
    )
}

/// The attributes of somebody by whom expressions are tried.
fn trial_kind(name: &str) -> Option<Kind> {
    match name {
        "department" | "login" => Some(Kind::Text),
        "level" => Some(Kind::Number),
        "remote" => Some(Kind::Flag),
        "absent" => Some(Kind::Any),
        _ => None,
    }
}

/// What that person is like.
fn trial_fact(name: &str) -> Fact {
    match name {
        "department" => Fact::Text("Engineering".repeat(90)),
        "login" => Fact::Text(String::from("ada@example.com")),
        "level" => Fact::Number(7),
        "remote" => Fact::Flag(true),
        _ => Fact::Nothing,
    }
}

/// An expression that parses is within its bounds, ends, and means the same in parentheses; its opposite is its opposite.
/// A refusal names a column of the text.
///
/// # Errors
/// The property that does not hold.
pub fn check_expression(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let parse = |text: &str| Expression::parse(text, &trial_kind);
    check_value(text)?;
    let expression = match parse(text) {
        Ok(expression) => expression,
        Err(error) => {
            let columns = 1..=text.chars().count() + 1;
            return hold(
                columns.contains(&error.column),
                "a column outside of the text",
            );
        }
    };
    hold(
        text.len() <= EXPRESSION_BYTES_MAX,
        "an expression over its bound was read",
    )?;
    let groups = Groups::of([GroupFact {
        id: String::from("00gAAAAAAAAAAAAAAAAA"),
        name: String::from("Engineers"),
    }]);
    let facts = Facts {
        attribute: &trial_fact,
        groups: &groups,
    };
    let held = expression.holds(&facts);
    hold(held == expression.holds(&facts), "two evaluations differ")?;
    let too_much =
        |wrong: &Wrong| matches!(wrong, Wrong::TooLong | Wrong::TooDeep | Wrong::TooManyParts);
    match parse(&format!("({text})")) {
        Ok(again) => hold(again == expression, "parentheses change what is meant")?,
        Err(error) => hold(too_much(&error.wrong), "parentheses make it wrong")?,
    }
    match parse(&format!("not ({text})")) {
        Ok(opposite) => hold(
            opposite.holds(&facts) == held.map(|held| !held),
            "what is not so is so",
        ),
        Err(error) => hold(too_much(&error.wrong), "an opposite is no expression"),
    }
}

/// An expression of a value means the same each time; one that is true or false is a value as well.
fn check_value(text: &str) -> Result<(), Violation> {
    let is_flag = Expression::parse(text, &trial_kind).is_ok();
    let Ok(expression) = Expression::parse_of(Kind::Any, text, &trial_kind) else {
        return hold(!is_flag, "what is true or false is no value");
    };
    let facts = Facts {
        attribute: &trial_fact,
        groups: &Groups::default(),
    };
    let value = expression.value(&facts);
    hold(value == expression.value(&facts), "two values differ")?;
    let is_of_kind = |kind| Expression::parse_of(kind, text, &trial_kind).is_ok();
    let is_right = match value {
        Ok(Fact::Text(_)) => is_of_kind(Kind::Text),
        Ok(Fact::Number(_)) => is_of_kind(Kind::Number),
        Ok(Fact::Flag(_)) => is_of_kind(Kind::Flag),
        Ok(Fact::List(_)) => is_of_kind(Kind::List),
        Ok(Fact::Nothing) | Err(_) => true,
    };
    hold(is_right, "a value is not of its kind")
}

/// A path that parses has one spelling, which parses to the same path.
///
/// # Errors
/// The property that does not hold.
pub fn check_scim_path(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Ok(());
    };
    let Ok(path) = PatchPath::parse(text) else {
        return Ok(());
    };
    hold(
        text.len() <= PATH_BYTES_MAX,
        "a path over its bound was read",
    )?;
    let spelling = path.to_string();
    if spelling.len() > PATH_BYTES_MAX {
        return Ok(());
    }
    let again = PatchPath::parse(&spelling).map_err(|_| "a rendered path does not parse")?;
    hold(again == path, "a path changed on the way")
}

/// A patch that parses is within its bounds; what it removes is gone, and doing the same again changes nothing that was
/// replaced or removed.
///
/// # Errors
/// The property that does not hold.
pub fn check_scim_patch(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(operations) = parse_patch(bytes) else {
        return Ok(());
    };
    hold(
        !operations.is_empty() && operations.len() <= PATCH_OPERATIONS_MAX,
        "a patch of none or too many was read",
    )?;
    let Value::Object(mut document) = json!({
        "userName": "ada",
        "name": { "givenName": "Ada" },
        "emails": [{ "value": "a@b", "type": "work" }, { "value": "c@d", "type": "home" }],
        (crate::scim::ENTERPRISE): { "department": "D" },
    }) else {
        return Err("a document is no object");
    };
    for operation in &operations {
        if apply(&mut document, operation).is_err() {
            return Ok(());
        }
        let once = document.clone();
        let again: Result<Map<String, Value>, _> = {
            let mut twice = once.clone();
            apply(&mut twice, operation).map(|()| twice)
        };
        match (operation.op, again) {
            (Op::Add, _) | (_, Err(_)) => {}
            (_, Ok(twice)) => hold(twice == once, "the same patch again changed something")?,
        }
    }
    Ok(())
}

/// What is taken out of the answer of a SCIM server is within its bounds, and can stand where it is put.
///
/// # Errors
/// The property that does not hold.
pub fn check_scim_peer(bytes: &[u8]) -> Result<(), Violation> {
    use crate::scim::peer::{
        DETAIL_CHARS_MAX, PeerResource, TEXT_BYTES_MAX, is_usable_id, parse_detail, parse_page,
        parse_resource,
    };
    const RESOURCES_MAX: usize = 5;
    let check = |resource: &PeerResource| {
        hold(
            is_usable_id(&resource.id) && !resource.id.contains(char::is_whitespace),
            "an id that cannot be sent was read",
        )?;
        let texts = [
            &resource.external_id,
            &resource.user_name,
            &resource.display_name,
            &resource.email,
            &resource.given_name,
            &resource.family_name,
        ];
        let is_good = |text: &String| {
            !text.is_empty() && text.len() <= TEXT_BYTES_MAX && !text.contains('\0')
        };
        hold(
            texts.into_iter().flatten().all(is_good),
            "a text over its bound was read",
        )
    };
    if let Ok(resource) = parse_resource(bytes) {
        check(&resource)?;
    }
    if let Ok(page) = parse_page(bytes, RESOURCES_MAX) {
        hold(
            page.total >= 0 && page.resources.len() <= RESOURCES_MAX,
            "a page over its bound was read",
        )?;
        for resource in &page.resources {
            check(resource)?;
        }
    }
    let detail = parse_detail(bytes).unwrap_or_default();
    hold(
        detail.chars().count() <= DETAIL_CHARS_MAX && !detail.contains(char::is_control),
        "an error over its bound was read",
    )
}

/// A bulk request that parses has a turn for each operation, and whoever names another comes after it.
///
/// # Errors
/// The property that does not hold.
pub fn check_scim_bulk(bytes: &[u8]) -> Result<(), Violation> {
    use crate::scim::bulk::references;
    let Ok(request) = parse_bulk(bytes) else {
        return Ok(());
    };
    let operations = &request.operations;
    hold(
        !operations.is_empty() && operations.len() <= BULK_OPERATIONS_MAX,
        "a request of none or too many was read",
    )?;
    let mut met = vec![false; operations.len()];
    let mut made: Vec<&str> = Vec::new();
    for turn in plan_turns(operations) {
        let (Turn::Do(place) | Turn::Refuse(place)) = turn;
        let seen = met.get_mut(place).ok_or("a turn of no operation")?;
        hold(!*seen, "an operation has two turns")?;
        *seen = true;
        let Some(operation) = operations.get(place).filter(|_| turn == Turn::Do(place)) else {
            continue;
        };
        let needs = references(operation);
        let mut needs = needs.iter();
        hold(
            needs.all(|name| made.contains(&name.as_str())),
            "an operation comes before what it names",
        )?;
        made.extend(operation.bulk_id.as_deref());
    }
    hold(met.iter().all(|seen| *seen), "an operation has no turn")
}
