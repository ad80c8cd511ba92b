//! An authenticator in software, with a maker who vouches for its model (WebAuthn level 3, section 8.2).

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use serde_json::{Value, json};
use uuid::Uuid;

/// id-fido-gen-ce-aaguid.
const AAGUID_OID: [u64; 9] = [1, 3, 6, 1, 4, 1, 45_724, 1, 1];
const USER_PRESENT_AND_VERIFIED: u8 = 0x05;
const HAS_CREDENTIAL: u8 = 0x40;

fn name(parts: &[(DnType, &str)]) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    for (kind, value) in parts {
        name.push(kind.clone(), *value);
    }
    name
}

/// Makes authenticators, and has a root.
pub(super) struct Maker {
    root: Issuer<'static, KeyPair>,
    pub(super) root_pem: String,
}

impl Maker {
    pub(super) fn new(called: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = name(&[(DnType::CommonName, called)]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let root_pem = params.self_signed(&key).unwrap().pem();
        Self {
            root: Issuer::new(params, key),
            root_pem,
        }
    }

    /// An authenticator of that model.
    pub(super) fn authenticator(&self, model: Uuid) -> Authenticator {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name = name(&[
            (DnType::CountryName, "SE"),
            (DnType::OrganizationName, "Maker"),
            (DnType::OrganizationalUnitName, "Authenticator Attestation"),
            (DnType::CommonName, "Model"),
        ]);
        params.is_ca = IsCa::ExplicitNoCa;
        let mut value = vec![0x04, 0x10];
        value.extend_from_slice(model.as_bytes());
        let oid: Vec<u64> = AAGUID_OID.into_iter().chain([4]).collect();
        params
            .custom_extensions
            .push(CustomExtension::from_oid_content(&oid, value));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.root).unwrap();
        Authenticator {
            model,
            certificate: certificate.der().to_vec(),
            attestation: signer(&key),
            credential: signer(&KeyPair::generate().unwrap()),
            id: Uuid::new_v4().as_bytes().to_vec(),
            handle: String::new(),
        }
    }
}

fn signer(key: &KeyPair) -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key.serialize_der()).unwrap()
}

/// Holds one passkey.
pub(super) struct Authenticator {
    pub(super) model: Uuid,
    certificate: Vec<u8>,
    attestation: EcdsaKeyPair,
    credential: EcdsaKeyPair,
    id: Vec<u8>,
    handle: String,
}

/// What an authenticator says of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    /// Its maker vouches for it.
    Packed,
    /// It vouches for itself.
    SelfMade,
    /// Nothing.
    None,
}

impl Authenticator {
    /// Answers the options of an enrolment.
    pub(super) fn create(&mut self, options: &str, origin: &str, statement: Statement) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let key = &options["publicKey"];
        self.handle = key["user"]["id"].as_str().unwrap().to_owned();
        let rp_id = key["rp"]["id"].as_str().unwrap();
        let client_data = client_data("webauthn.create", &key["challenge"], origin);
        let mut data = self.data(rp_id, USER_PRESENT_AND_VERIFIED | HAS_CREDENTIAL);
        data.extend_from_slice(self.model.as_bytes());
        data.extend_from_slice(&u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend_from_slice(&self.id);
        data.extend(self.public_key());
        let mut object = map(3);
        object.extend(text("fmt"));
        object.extend(text(match statement {
            Statement::Packed | Statement::SelfMade => "packed",
            Statement::None => "none",
        }));
        object.extend(text("attStmt"));
        object.extend(self.statement(statement, &data, &client_data));
        object.extend(text("authData"));
        object.extend(bytes(&data));
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "attestationObject": URL_SAFE_NO_PAD.encode(object),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "transports": ["usb"],
            },
        })
        .to_string()
    }

    /// Answers the options of a sign-in.
    pub(super) fn get(&self, options: &str, origin: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let key = &options["publicKey"];
        let client_data = client_data("webauthn.get", &key["challenge"], origin);
        let data = self.data(key["rpId"].as_str().unwrap(), USER_PRESENT_AND_VERIFIED);
        let signature = sign(&self.credential, &data, &client_data);
        let id = URL_SAFE_NO_PAD.encode(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "clientExtensionResults": {},
            "response": {
                "authenticatorData": URL_SAFE_NO_PAD.encode(data),
                "clientDataJSON": URL_SAFE_NO_PAD.encode(client_data),
                "signature": URL_SAFE_NO_PAD.encode(signature),
                "userHandle": self.handle,
            },
        })
        .to_string()
    }

    fn data(&self, rp_id: &str, flags: u8) -> Vec<u8> {
        let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        data.push(flags);
        data.extend_from_slice(&[0; 4]);
        data
    }

    /// COSE: an EC2 key for ES256.
    fn public_key(&self) -> Vec<u8> {
        let point = self.credential.public_key().as_ref();
        let (x, y) = point[1..].split_at(32);
        // 1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: x, -3: y
        let mut key = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21];
        key.extend(bytes(x));
        key.push(0x22);
        key.extend(bytes(y));
        key
    }

    fn statement(&self, statement: Statement, data: &[u8], client_data: &[u8]) -> Vec<u8> {
        let by = match statement {
            Statement::None => return map(0),
            Statement::Packed => &self.attestation,
            Statement::SelfMade => &self.credential,
        };
        let mut packed = map(if statement == Statement::Packed { 3 } else { 2 });
        packed.extend(text("alg"));
        packed.push(0x26);
        packed.extend(text("sig"));
        packed.extend(bytes(&sign(by, data, client_data)));
        if statement == Statement::Packed {
            packed.extend(text("x5c"));
            packed.push(0x81);
            packed.extend(bytes(&self.certificate));
        }
        packed
    }
}

fn sign(key: &EcdsaKeyPair, data: &[u8], client_data: &[u8]) -> Vec<u8> {
    let message = [data, digest(&SHA256, client_data).as_ref()].concat();
    let signature = key.sign(&SystemRandom::new(), &message).unwrap();
    signature.as_ref().to_vec()
}

fn client_data(kind: &str, challenge: &Value, origin: &str) -> Vec<u8> {
    json!({ "type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false })
        .to_string()
        .into_bytes()
}

fn map(entries: u8) -> Vec<u8> {
    vec![0xa0 + entries]
}

fn text(words: &str) -> Vec<u8> {
    let mut item = vec![0x60 + u8::try_from(words.len()).unwrap()];
    item.extend_from_slice(words.as_bytes());
    item
}

fn bytes(content: &[u8]) -> Vec<u8> {
    let mut item = vec![0x59];
    item.extend_from_slice(&u16::try_from(content.len()).unwrap().to_be_bytes());
    item.extend_from_slice(content);
    item
}
