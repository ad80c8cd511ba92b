//! The floor that the benchmark measures against: a bare hyper server that does what no identity provider can leave
//! out, and nothing else. One ES256 signature, a share of one fsync, or neither; and a bare password hash.
//!
//! `floor serve FILE` serves and appends to FILE; `floor hash COUNT` prints the processor time of one hash.

mod group_commit;

use std::convert::Infallible;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use testbed::process::Watched;
use tokio::net::TcpListener;

use crate::group_commit::GroupCommit;

/// As long as the claims of an access token.
const CLAIMS: &str = r#"{"iss":"http://localhost:8080/oauth2/default","aud":"api://default","sub":"0oa0123456789abcdefg","cid":"0oa0123456789abcdefg","scp":["read"],"iat":1700000000,"exp":1700003600,"jti":"AT.0123456789abcdefghijklmnopqrstuvwxyzABCDEF","ver":1}"#;
const HEADER: &str =
    r#"{"alg":"ES256","kid":"0123456789abcdefghijklmnopqrstuvwxyzABCDEFG","typ":"at+jwt"}"#;
/// As long as a row of a code or a refresh token.
const RECORD_BYTES: usize = 256;
/// The parameters of the product: OWASP's first choice for Argon2id.
const ARGON2_MEMORY_KIB: u32 = 19_456;
const ARGON2_PASSES: u32 = 2;
const ARGON2_LANES: u32 = 1;
const PASSWORD: &[u8] = b"nine tortoises walk to Samos";
const HASH_BYTES: usize = 32;

struct Floor {
    key: EcdsaKeyPair,
    random: SystemRandom,
    log: GroupCommit,
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", file] => tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
            .block_on(serve(PathBuf::from(file))),
        ["hash", count] => hash(count.parse().context("COUNT is a number")?),
        _ => anyhow::bail!("usage: floor serve FILE | floor hash COUNT"),
    }
}

fn print(value: &serde_json::Value) -> anyhow::Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{value}")?;
    output.flush()?;
    Ok(())
}

/// The processor time of one hash, by the kernel's count.
fn hash(count: u32) -> anyhow::Result<()> {
    let own = Watched {
        pid: std::process::id(),
    };
    let params = Params::new(ARGON2_MEMORY_KIB, ARGON2_PASSES, ARGON2_LANES, None)
        .map_err(|error| anyhow::anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    // Memory that is kept from hash to hash: the cheapest that a server can do.
    let mut memory = vec![Block::new(); argon2.params().block_count()];
    let before = own.processor_time()?;
    let mut digest = [0_u8; HASH_BYTES];
    for round in 0..count {
        let salt = format!("salt of round {round:08}");
        argon2
            .hash_password_into_with_memory(PASSWORD, salt.as_bytes(), &mut digest, &mut memory)
            .map_err(|error| anyhow::anyhow!("{error}"))?;
    }
    std::hint::black_box(digest);
    let took = own.processor_time()?.saturating_sub(before);
    let micros = took.as_secs_f64() * 1e6 / f64::from(count.max(1));
    print(&serde_json::json!({ "hash_micros": micros }))
}

async fn serve(file: PathBuf) -> anyhow::Result<()> {
    let floor = Arc::new(Floor {
        key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| anyhow::anyhow!("no key can be made"))?,
        random: SystemRandom::new(),
        log: GroupCommit::open(&file)?,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    print(&serde_json::json!({ "ready": true, "address": address }))?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let floor = Arc::clone(&floor);
        tokio::spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&floor), request));
            // A client that goes away is no fault of the floor.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(
    floor: Arc<Floor>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let reply = match reply(&floor, &path, request).await {
        Ok(body) => Response::builder()
            .header("content-type", "application/json")
            .header("cache-control", "no-store")
            .body(Full::new(Bytes::from(body))),
        Err(error) => Response::builder()
            .status(StatusCode::INTERNAL_SERVER_ERROR)
            .body(Full::new(Bytes::from(format!("{error:#}")))),
    };
    Ok(reply.unwrap_or_default())
}

async fn reply(floor: &Floor, path: &str, request: Request<Incoming>) -> anyhow::Result<String> {
    let body = request.into_body().collect().await?.to_bytes();
    anyhow::ensure!(!body.is_empty(), "a body is expected");
    if path == "/write" || path == "/sign-write" {
        floor.log.append([b'r'; RECORD_BYTES].to_vec()).await?;
    }
    let token = if path == "/sign" || path == "/sign-write" {
        floor.sign()?
    } else {
        String::new()
    };
    Ok(format!(
        r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}","scope":"read"}}"#
    ))
}

impl Floor {
    fn sign(&self) -> anyhow::Result<String> {
        let mut token = String::with_capacity(700);
        URL_SAFE_NO_PAD.encode_string(HEADER, &mut token);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(CLAIMS, &mut token);
        let signature = self
            .key
            .sign(&self.random, token.as_bytes())
            .map_err(|_| anyhow::anyhow!("nothing was signed"))?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
        Ok(token)
    }
}
