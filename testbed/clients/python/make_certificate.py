"""Makes a certificate authority and a certificate for localhost as an operator would have them: PEM files.

Input: folder. Output: root, certificate (the chain, leaf first), key, bundle (chain and key, as proxies want them)."""

import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from script import script

DAY = datetime.timedelta(days=1)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(subject: str, issuer: str, key: Any) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(_named(subject)).issuer_name(_named(issuer)).public_key(key)
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - DAY).not_valid_after(now + 30 * DAY)


def _pem(key: Any) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def make(values: dict[str, Any]) -> dict[str, Any]:
    folder = Path(values["folder"])
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = _builder("Test bed root", "Test bed root", root_key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(root_key, hashes.SHA256())
    # RSA, so that clients of every age can agree on a cipher.
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    leaf = _builder("localhost", "Test bed root", key.public_key()).add_extension(names, critical=False).sign(root_key, hashes.SHA256())
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (leaf, root))
    files = {"root": root.public_bytes(serialization.Encoding.PEM), "certificate": chain, "key": _pem(key), "bundle": chain + _pem(key)}
    made = {}
    for name, content in files.items():
        path = folder / f"{name}.pem"
        path.write_bytes(content)
        made[name] = str(path)
    return made


script(["folder"], make)
