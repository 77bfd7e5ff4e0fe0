"""wire - the messages of ms-publish, written slowly and plainly.

A reference to compare the C with: each step of the wire format is done as it is
described, one after the other, on values in memory, and nothing is reused.
message() gives the bytes about one object, Random draws objects.

What a Service's address answers is no matter of bytes: here nothing does.
"""
import json
import random
import re
import struct

TOP = ("immutable", "data", "binaryData", "stringData", "type")
META = ("name", "generateName", "namespace", "selfLink")


class Struct(list):
    """Members in the order in which they are written: (key, value)."""


# ---- reading, as Go reads ----

def one_by_one(error):
    return "\ufffd", error.start + 1


def decode(raw):
    import codecs
    codecs.register_error("one-by-one", one_by_one)
    return raw.decode("utf-8", "one-by-one")


def number(text):
    if re.fullmatch(r"-?[0-9]+", text):
        n = int(text)
        if -2**63 <= n < 2**63:
            return n
    return float(text)


def whole(value):
    """No halves of surrogate pairs: Go has none."""
    if isinstance(value, str):
        return re.sub("[\ud800-\udfff]", "\ufffd", value)
    if isinstance(value, list):
        return [whole(v) for v in value]
    if isinstance(value, dict):
        return {whole(k): whole(v) for k, v in value.items()}
    return value


def parse(raw):
    return whole(json.loads(decode(raw), parse_int=number, parse_float=number))


# ---- writing, as Go writes ----

SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t",
         "\b": "\\b", "\f": "\\f"}


def quote(text):
    return '"' + "".join(
        SHORT.get(c) or
        ("\\u%04x" % ord(c) if c < " " or c in "<>&\u2028\u2029" else c)
        for c in text) + '"'


def write_float(x):
    if x == 0:
        return "-0" if struct.pack("<d", x)[7] else "0"
    digits, exponent = re.fullmatch(
        r"-?([0-9.]+)e([-+][0-9]+)", "%se%+d" % scientific(x)).groups()
    digits, exponent = digits.replace(".", ""), int(exponent)
    sign = "-" if x < 0 else ""
    if abs(x) < 1e-6 or abs(x) >= 1e21:
        rest = "." + digits[1:] if len(digits) > 1 else ""
        return "%s%s%se%s%d" % (sign, digits[0], rest,
                                "-" if exponent < 0 else "+", abs(exponent))
    if exponent < 0:
        return sign + "0." + "0" * (-exponent - 1) + digits
    digits = digits.ljust(exponent + 1, "0")
    rest = digits[exponent + 1:]
    return sign + digits[:exponent + 1] + ("." + rest if rest else "")


def scientific(x):
    """The shortest digits, d.ddd, and the power of ten."""
    text = repr(abs(x))
    mantissa, _, power = text.partition("e")
    left, _, right = mantissa.partition(".")
    right = "" if right == "0" else right
    power = int(power or 0) + len(left) - 1
    digits = left + right
    while len(digits) > 1 and digits[0] == "0":
        digits, power = digits[1:], power - 1
    digits = digits.rstrip("0") or "0"
    return digits[0] + "." + digits[1:], power


def write(value):
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return write_float(value)
    if isinstance(value, Struct):
        return "{" + ",".join(quote(k) + ":" + write(v)
                              for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    return "{" + ",".join(quote(k) + ":" + write(value[k])
                          for k in in_order(value)) + "}"


def in_order(keys):
    return sorted(keys, key=lambda k: k.encode())


# ---- what the struct takes ----

def fold(key):
    """Go's folding of case: ASCII, and two letters whose other case is."""
    return "".join(c.lower() if c < "\x80" else
                   {"\u017f": "s", "\u212a": "k"}.get(c, c) for c in key)


def named(obj, name):
    """What is found under a name in any case, in the order of keys; of several
    objects one after the other."""
    if isinstance(obj, list):
        return [v for o in obj for v in named(o, name)]
    return [obj[k] for k in in_order(obj) if fold(k) == fold(name)]


def text(obj, name, default=""):
    for v in named(obj, name):
        if isinstance(v, str):
            default = v
    return default


def is_integer(value):
    """What a field of 64 bits takes, once it has been written by Go."""
    return not isinstance(value, bool) and isinstance(value, (int, float)) \
        and re.fullmatch("-?[0-9]+", write(value)) \
        and -2**63 <= int(write(value)) < 2**63


def integer(obj, name):
    n = 0
    for v in named(obj, name):
        if is_integer(v):
            n = int(write(v))
    return n


def grace_period(meta):
    n = None
    for v in named(meta, "deletionGracePeriodSeconds"):
        if v is None:
            n = None
        else:
            n = int(write(v)) if is_integer(v) else n or 0
    return n


def raw(value):
    """Bytes of the document: of a string what is between the quotes."""
    out = write(value)
    return out[1:-1] if isinstance(value, str) else out


def raw_or_text(obj, name):
    return raw(obj[name]) if name in obj else text(obj, name)


def pairs(meta, name, kind):
    obj = meta.get(name)
    if not isinstance(obj, dict):
        return []
    return [Struct([("id", ""), ("unique_id", ""), ("kind", kind)] +
                   filled("key", k) + filled("value", raw(obj[k])))
            for k in in_order(obj)]


def filled(key, value):
    return [(key, value)] if value else []


def metadata(obj):
    exact = obj.get("metadata")
    exact = exact if isinstance(exact, dict) else {}
    meta = [m for m in named(obj, "metadata") if isinstance(m, dict)]
    grace = grace_period(meta)
    return Struct(
        [("id", text(meta, "id"))] +
        [m for k in META for m in filled(k, text(meta, k))] +
        [("uid", text(meta, "uid"))] +
        filled("resourceVersion", text(meta, "resourceVersion")) +
        filled("generation", integer(meta, "generation")) +
        filled("creationTimestamp", text(meta, "creationTimestamp")) +
        filled("deletionTimestamp", text(meta, "deletionTimestamp")) +
        ([] if grace is None else [("deletionGracePeriodSeconds", grace)]) +
        filled("labels", pairs(exact, "labels", "label")) +
        filled("annotations", pairs(exact, "annotations", "annotation")) +
        filled("ownerReferences", either(exact, meta, "ownerReferences")) +
        filled("finalizers", either(exact, meta, "finalizers")) +
        filled("clusterName", text(meta, "clusterName")) +
        filled("managedFields", text(meta, "managedFields")) +
        [("cluster_id", text(meta, "cluster_id"))])


def either(exact, meta, name):
    return raw(exact[name]) if name in exact else text(meta, name)


def holder(obj, name):
    """spec or status. Of several spellings the last null takes all away."""
    there, inner = False, ""
    for v in named(obj, name):
        there = v is not None
        inner = "" if v is None else text(v, "id", inner) \
            if isinstance(v, dict) else inner
    if not there and name not in obj:
        return []
    attribute = raw(obj[name]) if there and name in obj else ""
    return [(name, Struct([("id", inner)] + filled("attribute", attribute)))]


# ---- fields that are made, not taken ----

def uuid_text(b):
    h = b.hex()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:]))


def parsed_uuid(t):
    """What google/uuid takes for one."""
    if len(t) == 36 + 9 and t[:9].lower() == "urn:uuid:":
        t = t[9:]
    elif len(t) == 36 + 2:
        t = t[1:-1]
    elif len(t) == 32:
        t = "-".join((t[:8], t[8:12], t[12:16], t[16:20], t[20:]))
    if re.fullmatch("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", t):
        return t.lower()
    return None


def pattern(obj):
    """The member of that name that an object brings along. What is none is
    zero; upstream ends then, unless there is neither spec nor status."""
    found = None
    for v in named(obj, "pattern_resource"):
        if v is None:
            found = None
        elif isinstance(v, str):
            found = parsed_uuid(v) or uuid_text(bytes(16))
        else:
            found = found or uuid_text(bytes(16))
    return found


def design(obj):
    meta = obj.get("metadata")
    labels = meta.get("labels") if isinstance(meta, dict) else None
    if isinstance(labels, dict) and "design.meshery.io/id" in labels:
        b = raw(labels["design.meshery.io/id"]).encode()
        return uuid_text(b if len(b) == 16 else bytes(16))
    return pattern(obj)


COPY = "kubectl.kubernetes.io/last-applied-configuration"


def masked(obj):
    """A Secret without its values; its copy in an annotation goes too."""
    obj = dict(obj)
    for name in ("data", "binaryData", "stringData"):
        if name in obj and obj[name] is None:
            obj[name] = {}
        elif isinstance(obj.get(name), dict):
            obj[name] = {k: "[REDACTED]" for k in obj[name]}
    meta = obj.get("metadata")
    notes = meta.get("annotations") if isinstance(meta, dict) else None
    if isinstance(notes, dict) and COPY in notes:
        obj["metadata"] = {**meta, "annotations": {
            **notes, COPY: "[REDACTED]"}}
    return obj


# ---- Services ----

STRINGS, BOOL, INT32, INT64, STRING = ["s"], "b", "i", "l", "s"
MAP, TIME, PORT = {"*": "s"}, "t", "p"
SERVICE = {
    "metadata": {
        **{k: STRING for k in ("name", "generateName", "namespace", "uid",
                               "selfLink", "resourceVersion")},
        "generation": INT64, "creationTimestamp": TIME,
        "deletionTimestamp": TIME, "deletionGracePeriodSeconds": INT64,
        "labels": MAP, "annotations": MAP, "finalizers": STRINGS,
        "ownerReferences": [{
            **{k: STRING for k in ("apiVersion", "kind", "name", "uid")},
            "controller": BOOL, "blockOwnerDeletion": BOOL}],
        "managedFields": [{
            **{k: STRING for k in ("manager", "operation", "apiVersion",
                                   "fieldsType", "subresource")},
            "time": TIME}]},
    "spec": {
        "ports": [{"name": STRING, "protocol": STRING, "appProtocol": STRING,
                   "port": INT32, "targetPort": PORT, "nodePort": INT32}],
        "selector": MAP, "healthCheckNodePort": INT32,
        "publishNotReadyAddresses": BOOL,
        "allocateLoadBalancerNodePorts": BOOL,
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": INT32}},
        **{k: STRINGS for k in ("clusterIPs", "externalIPs", "ipFamilies",
                                "loadBalancerSourceRanges")},
        **{k: STRING for k in (
            "clusterIP", "type", "sessionAffinity", "loadBalancerIP",
            "externalName", "externalTrafficPolicy", "ipFamilyPolicy",
            "loadBalancerClass", "internalTrafficPolicy",
            "trafficDistribution")}},
    "status": {
        "loadBalancer": {"ingress": [{
            "ip": STRING, "hostname": STRING, "ipMode": STRING,
            "ports": [{"port": INT32, "protocol": STRING,
                       "error": STRING}]}]},
        "conditions": [{
            **{k: STRING for k in ("type", "status", "reason", "message")},
            "observedGeneration": INT64, "lastTransitionTime": TIME}]},
}

RFC3339 = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{1,2}):([0-9]{2}):([0-9]{2})"
    r"([.,][0-9]+)?(Z|[-+]([0-9]{2}):([0-9]{2}))")


def is_time(t):
    m = RFC3339.fullmatch(t)
    if not m:
        return False
    year, month, day, hour, minute, second = (int(x) for x in m.groups()[:6])
    days = [31, 29 if year % 4 == 0 and (year % 100 or year % 400 == 0) else
            28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 \
        and minute < 60 and second < 60 and int(m[9] or 0) <= 24 \
        and int(m[10] or 0) <= 60


def fits(value, shape):
    """Whether Go's decoder puts the value into a field of that shape."""
    if value is None:
        return True
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(v, shape[0])
                                               for v in value)
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            fits(v, shape["*"] if "*" in shape else shape.get(k, "?"))
            for k, v in value.items())
    if shape == PORT and isinstance(value, str):
        return True
    if shape in (INT32, INT64, PORT):
        limit = 2**63 if shape == INT64 else 2**31
        return bool(is_integer(value)) and -limit <= int(write(value)) < limit
    if shape == BOOL:
        return isinstance(value, bool)
    if shape == TIME:
        return isinstance(value, str) and is_time(value)
    return shape != STRING or isinstance(value, str)


def get(value, *path):
    for key in path:
        if isinstance(key, int):
            value = value[key] if value else None
        else:
            value = (value or {}).get(key)
    return value


HOST = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
           "-_.~!$&'()*+,;=:[]<>\"")


def is_url(t):
    """What Go's ParseRequestURI takes, of texts that begin with http://."""
    if any(c < " " or c == "\x7f" for c in t):
        return False
    t = t.split("?", 1)[0] if not (t.endswith("?") and t.count("?") == 1) \
        else t[:-1]
    authority, slash, path = t.split("//", 1)[1].partition("/")
    user, at, host = authority.rpartition("@")
    return (not at or is_user(user)) and is_host(host) and escapes(path, "")


def escapes(t, more):
    """Each % begins an escape; within hosts only of what is not ASCII."""
    for m in re.finditer("%(.{0,2})", t, re.S):
        if not re.fullmatch("[0-9a-fA-F]{2}", m[1]):
            return False
        if more == "host" and int(m[1][0], 16) < 8 and m[1] != "25":
            return False
    return True


def is_user(t):
    return all(c.isascii() and c.isalnum() or c in "-._:~!$&'()*+,;=%@"
               for c in t) and escapes(t, "")


def is_host(t):
    if "[" in t:
        return False    # of these there are none here
    _, colon, port = t.partition(":")
    return (not colon or re.fullmatch("[0-9]*", port)) and \
        escapes(t, "host") and \
        all(not c.isascii() or c in HOST or c == "%" for c in t)


def url(host, port):
    t = "%s://%s:%d" % ("https" if port == 443 else "http", host, port)
    none = "none" in host.lower()
    return [t] if not none and is_url(t) else []


def service(obj):
    if not fits({k: obj.get(k) for k in SERVICE}, SERVICE):
        return None
    ports = get(obj, "spec", "ports") or []
    last = (ports[-1] if ports else None) or {}
    port, node = (int(write(last.get(k) or 0)) for k in ("port", "nodePort"))
    inner = get(obj, "spec", "clusterIP") or ""
    outer, outer_port = "localhost", node
    ingress = get(obj, "status", "loadBalancer", "ingress")
    if ingress:
        ip = get(ingress[0], "ip") or ""
        outer_port = port
        outer = get(ingress[0], "hostname") or "" if not ip else \
            inner if ip == "<pending>" else ip
    if outer_port == 0:
        return url(inner, port)
    if outer != "localhost":
        return None
    return url(outer, outer_port) + url(inner, port)


def component_metadata(obj, event, kind):
    urls = None
    if event != "DELETED" and kind == "Service":
        urls = service(obj)
    if urls is None:
        found = None
        for v in named(obj, "component_metadata"):
            if v is None:
                found = None
            elif isinstance(v, dict):
                found = {**(found or {}), **floats(v)}
        return found
    return {"capabilities": {"connection": True, "urls": urls}}


def floats(v):
    """Without a type to go by, Go takes each number for a float."""
    if isinstance(v, dict):
        return {k: floats(x) for k, x in v.items()}
    if isinstance(v, list):
        return [floats(x) for x in v]
    return float(v) if isinstance(v, int) and not isinstance(v, bool) else v


def misfits(shape=None, wrap=lambda v: v):
    """Services that each have one member of a wrong type, and none other."""
    for key, inner in (shape or SERVICE).items():
        def wrapped(v, key=key):
            return wrap({key: v})

        if isinstance(inner, dict) and "*" not in inner:
            yield wrapped(7)
            yield from misfits(inner, wrapped)
        elif isinstance(inner, list) and isinstance(inner[0], dict):
            yield wrapped({})
            yield from misfits(inner[0], lambda v, w=wrapped: w([v]))
        else:
            yield from (wrapped(v) for v in (
                [7], {"a": 7}, True, "x", 1.5, 2**31, -2**31, None))


# ---- the whole ----

def resource(event, obj, cluster, redact=False):
    kind = text(obj, "kind")
    if redact and obj.get("kind") == "Secret":
        obj = masked(obj)
    return Struct(
        [("id", text(obj, "id")), ("apiVersion", text(obj, "apiVersion")),
         ("kind", kind), ("model", text(obj, "model")),
         ("metadata", metadata(obj))] +
        holder(obj, "spec") + holder(obj, "status") +
        [("cluster_id", cluster), ("pattern_resource", design(obj)),
         ("component_metadata", component_metadata(obj, event, kind))] +
        [m for k in TOP for m in filled(
            k, raw_or_text(obj, k))])


def message(event, line, cluster, redact=False):
    """The bytes about the object in line."""
    return write(Struct([
        ("ObjectType", "meshsync-data"), ("EventType", event),
        ("Request", None),
        ("Object", resource(event, parse(line), cluster, redact))])).encode()


# ---- objects ----

class Random:
    """Objects with what is rare among them: number I is always the same."""

    KEYS = ("a", "b", "spec", "id", "ID", "name", "kind", "Kind", "z\u00e9",
            "<", "&", "\u2028", "", "a.b/c", "data", "\u017fpec", "A", "aa",
            "aaaaaaaa", "aaaaaaaab", "metadata", "\x00", "\u00ff", "\U0001f600")
    NUMBERS = ("0", "-0", "-0.0", "1", "-1", "2.50", "1e3", "1E-7", "1e21",
               "1e20", "123456.789", "0.000001", "9007199254740993",
               "9223372036854775807", "9223372036854775808",
               "-9223372036854775808", "-9223372036854775809", "5e-324",
               "1.7976931348623157e308", "2.2250738585072014e-308", "1.0",
               "100000000000000000000000", "0.1", "1e23", "3e-5", "4503599627370496.5")
    PIECES = ("", "a", "<b>", "&amp;", '\\"', "\\\\", "\\/", "\\n", "\\u0000",
              "\\u001F", "\\u2028", "\u2029", "\x7f", "\\ud83d\\ude00",
              "\\ud800", "\\udc00x", "\U0001f600", "e\u0301", "\\b\\f\\r\\t",
              "plain text that is longer than sixteen bytes", "None", "\\u00e9")

    def __init__(self, seed, any_bytes=False):
        self.r = random.Random(seed)
        self.any_bytes = any_bytes  # what is no UTF-8 too

    def of(self, *choices):
        return self.r.choice(choices)

    def string(self):
        parts = [self.r.choice(self.PIECES).encode()
                 for _ in range(self.r.choice((0, 1, 1, 2, 5)))]
        if self.any_bytes and self.r.random() < .03:
            parts.append(self.r.choice((b"\xff", b"\xc3", b"\xe2\x80",
                                        b"\xed\xa0\x80", b"\xf4\x90\x80\x80",
                                        b"\xc0\x80", b"\xf0\x9f\x98")))
        return b'"' + b"".join(parts) + b'"'

    def number(self):
        if self.r.random() < .6:
            return self.r.choice(self.NUMBERS).encode()
        x = struct.unpack("<d", self.r.randbytes(8))[0]
        if x != x or x in (float("inf"), float("-inf")):
            x = 1.5
        return (repr(x) if self.r.random() < .5 else
                "%.*g" % (self.r.randint(1, 17), x)).encode()

    def name(self):
        """A text that is not empty, as each record needs."""
        return self.string()[:-1] + b'x"'

    def key(self):
        k = self.r.choice(self.KEYS)
        quoted = json.dumps(k, ensure_ascii=self.r.random() < .3)
        if self.r.random() < .05 and k[:1].isascii() and k[:1].isalnum():
            quoted = '"\\u%04x%s' % (ord(k[0]), quoted[2:])
        return quoted.encode()

    def value(self, depth=0):
        what = self.r.random()
        if depth > 4 or what < .35:
            return self.string()
        if what < .55:
            return self.number()
        if what < .65:
            return self.of(b"null", b"true", b"false")
        n = self.r.choice((0, 0, 1, 2, 4))
        if what < .75:
            return self.array([self.value(depth + 1) for _ in range(n)])
        if self.r.random() < .03:
            n = 40
        return self.object([(self.key(), self.value(depth + 1))
                            for _ in range(n)])

    def space(self):
        return b"" if self.r.random() < .97 else \
            self.r.choice((b" ", b"\t", b"  \r"))

    def array(self, values):
        return b"[" + self.space() + b",".join(values) + self.space() + b"]"

    def object(self, members):
        sep = b":" + self.space()
        return b"{" + self.space() + (self.space() + b",").join(
            k + sep + v for k, v in members) + b"}"

    def labels(self):
        return self.object([
            (self.key() if self.r.random() < .7 else self.of(
                b'"design.meshery.io/id"', b'"%s"' % COPY.encode()),
             self.of(self.string(), b'"0123456789abcdef"', b'"x"',
                     b'"7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d10"', self.value(4)))
            for _ in range(self.r.randint(0, 4))])

    def metadata(self):
        m = [(b'"name"', self.name()), (b'"uid"', self.string())]
        for k, v in (("namespace", self.string), ("labels", self.labels),
                     ("annotations", self.labels), ("generation", self.number),
                     ("deletionGracePeriodSeconds", self.number),
                     ("ownerReferences", self.value), ("Name", self.string),
                     ("finalizers", self.value), ("selfLink", self.value),
                     ("clusterName", self.string), ("id", self.value),
                     ("resourceVersion", self.string),
                     ("managedFields", self.value),
                     ("creationTimestamp", self.value),
                     ("generation", self.value), ("cluster_id", self.value),
                     ("deletionGracePeriodSeconds", self.value)):
            if self.r.random() < .2:
                m.append((b'"%s"' % k.encode(), v()))
        self.r.shuffle(m)
        return self.object(m)

    def record(self):
        """One object, as bytes."""
        m = [(b'"apiVersion"', b'"v1"'), (b'"metadata"', self.metadata()),
             (b'"kind"', self.of(b'"Pod"', b'"Secret"', b'"ConfigMap"',
                                 self.name()))]
        for k in ("spec", "status", "data", "binaryData", "stringData", "type",
                  "immutable", "rules", "id", "model", "Kind", "Spec", "sTatus",
                  "cluster_id", "component_metadata", "Data", "type"):
            if self.r.random() < .25:
                v = self.value()
                # of these upstream dies, and there is nothing to compare
                if k in ("spec", "status", "Spec", "sTatus") and v == b"null":
                    v = b"{}"
                m.append((b'"%s"' % k.encode(), v))
        if self.r.random() < .03:
            m.append((b'"pattern_resource"', self.of(
                b"null", b"7", b'"7D1B2B8A-6f0e-4a55-9a30-6d1c6c1b7d10"',
                b'"{7d1b2b8a-6f0e-4a55-9a30-6d1c6c1b7d10}"',
                b'"7d1b2b8a6f0e4a559a306d1c6c1b7d10"')))
        if self.r.random() < .5:
            self.r.shuffle(m)
        return self.object(m)

    HOSTS = (b'"127.0.0.77"', b'"None"', b'""', b'"a b"', b'"fd00::1"', b"null",
             b'"127.0.0.77/24"', b'"a%20b"', b'"a%c3%a9"', b'"u@h"', b'"a?b"',
             b'"a<b\\"&"', b'"%"', b'"h%zz"', b'"a/%zz"', b'"\\u00e9.x"')

    def shaped(self, shape):
        """A value of that shape, or now and then another."""
        if self.r.random() < .04:
            return self.value(4)
        if isinstance(shape, list):
            return self.array([self.shaped(shape[0])
                               for _ in range(self.r.choice((0, 1, 1, 2)))])
        if isinstance(shape, dict):
            return self.object([(b'"%s"' % k.encode(), self.shaped(v))
                                for k, v in shape.items()
                                if self.r.random() < .25])
        return {STRING: b'"s"', BOOL: b"true", INT32: b"5", INT64: b"7",
                PORT: self.of(b'"http"', b"80", b"80.5"),
                TIME: self.of(b'"2026-03-01T10:00:00Z"', b"null",
                              b'"2026-02-29T10:00:00Z"',
                              b'"2026-03-01T10:00:00.5+01:00"')}[shape]

    def port(self):
        if self.r.random() < .3:
            return self.shaped(SERVICE["spec"]["ports"][0])
        return self.object([
            (b'"port"', self.of(b"80", b"443", b"8.0e1", b"0")),
            (b'"nodePort"', self.of(b"30080", b"0", b"null"))])

    def service(self):
        spec = [(b'"clusterIP"', self.r.choice(self.HOSTS)),
                (b'"ports"', self.array([self.port()
                    for _ in range(self.r.randint(0, 2))]))]
        spec += [(b'"%s"' % k.encode(), self.shaped(v))
                 for k, v in SERVICE["spec"].items()
                 if self.r.random() < .1 and k not in ("clusterIP", "ports")]
        ingress = self.array([self.object(
            [(self.of(b'"ip"', b'"hostname"'), self.of(
                b'"127.0.0.1"', b'""', b'"<pending>"', b'"localhost"'))])
            for _ in range(self.r.choice((0, 0, 1, 2)))])
        status = [(b'"loadBalancer"', self.object([(b'"ingress"', ingress)]))]
        if self.r.random() < .3:
            status = [(b'"conditions"', self.shaped(
                SERVICE["status"]["conditions"]))]
        meta = self.object([(b'"name"', b'"s"')] + [
            (b'"%s"' % k.encode(), self.shaped(v))
            for k, v in SERVICE["metadata"].items() if self.r.random() < .2
            and k not in ("name", "namespace", "uid", "resourceVersion")])
        return self.object([
            (b'"apiVersion"', b'"v1"'), (b'"kind"', b'"Service"'),
            (b'"metadata"', meta),
            (b'"spec"', self.object(spec)),
            (b'"status"', self.object(status))])
