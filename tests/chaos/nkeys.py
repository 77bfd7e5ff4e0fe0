"""nkeys - keys and tokens as NATS has them, made with openssl for the tests."""
import base64
import hashlib
import json
import subprocess
import time

PREFIX = {"O": 14 << 3, "A": 0, "U": 20 << 3}
SEED = 18 << 3


def crc16(data):
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xffff
    return crc


def text(data):
    return base64.b32encode(
        data + crc16(data).to_bytes(2, "little")).decode().rstrip("=")


def b64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """An operator's (O), an account's (A) or a user's (U)."""

    def __init__(self, kind, path):
        self.pem = path
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out",
                        path], check=True)
        der = subprocess.run(["openssl", "pkey", "-in", path, "-outform",
                              "DER"], check=True, capture_output=True).stdout
        pub = subprocess.run(["openssl", "pkey", "-in", path, "-pubout",
                              "-outform", "DER"], check=True,
                             capture_output=True).stdout
        p = PREFIX[kind]
        self.public = text(bytes([p]) + pub[-32:])
        self.seed = text(bytes([SEED | p >> 5, (p & 31) << 3]) + der[-32:])

    def sign(self, data):
        with open(self.pem + ".in", "wb") as f:
            f.write(data)
        return subprocess.run(
            ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.pem,
             "-in", self.pem + ".in"], check=True, capture_output=True).stdout

    def jwt(self, subject, nats):
        """What this key says of another."""
        claims = {"iat": int(time.time()), "iss": self.public,
                  "name": "test", "sub": subject, "nats": nats}
        claims["jti"] = base64.b32encode(hashlib.sha256(
            json.dumps(claims).encode()).digest()).decode().rstrip("=")
        head = b64(b'{"typ":"JWT","alg":"ed25519-nkey"}')
        body = head + "." + b64(json.dumps(claims).encode())
        return body + "." + b64(self.sign(body.encode()))


def creds(jwt, seed):
    return ("-----BEGIN NATS USER JWT-----\n%s\n------END NATS USER JWT------\n"
            "\n-----BEGIN USER NKEY SEED-----\n%s\n"
            "------END USER NKEY SEED------\n" % (jwt, seed))
