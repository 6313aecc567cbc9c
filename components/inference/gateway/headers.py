"""What every answer tells browsers not to do. After OWASP's Secure Headers and REST Security cheat sheets."""

from components.inference.gateway.call import Call, Header

Headers = tuple[Header, ...]

_ALL: Headers = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
_NO_PAGE: Header = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")

ANSWER: Headers = (*_ALL, (b"cache-control", b"no-store"), _NO_PAGE)
"""With JSON, and whatever is no page: it is kept nowhere and shows nothing."""

ABOUT: Headers = (*_ALL, (b"cache-control", b"private, no-cache"), _NO_PAGE)
"""With what the page asks for first: it may be kept by its reader, who asks each time whether it is still so."""


def _page(styles: bytes, images: bytes, devices: bytes) -> Headers:
    policy = (
        b"default-src 'self'; style-src 'self'%b; img-src 'self'%b data:; media-src 'self' data: blob:; "
        b"object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'" % (styles, images)
    )
    permissions = b"camera=(%b), microphone=(%b), geolocation=()" % (devices, devices)
    kept = (b"cache-control", b"no-cache")
    return (*_ALL, kept, (b"content-security-policy", policy), (b"permissions-policy", permissions))


PAGE = _page(styles=b"", images=b" blob:", devices=b"self")
"""With the page for a person: nothing from another address, no inline script, camera and microphone for it alone."""

DOCS = _page(styles=b" 'unsafe-inline'", images=b"", devices=b"")
"""With BentoML's Swagger page, which would also fetch a tracker from another address: this keeps it from that."""


CARD: Headers = (
    *_ALL,
    (b"cache-control", b"private, no-cache"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
        b"frame-ancestors 'none'",
    ),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
"""With the model card: no script and no address, not even ours. Its style lies in it and may be another version's than
this code knows; nothing that a style could fetch is allowed."""


def headers(call: Call) -> Headers:
    """Return the headers for the answer to `call`."""
    path = call.path
    if path in ("/", "/label") or path.startswith(("/page/", "/label/label.")):
        return PAGE
    if path == "/about" or path.startswith("/examples/"):
        return ABOUT
    if path in ("/card", "/watch"):
        return CARD
    return DOCS if path in ("/docs", "/docs/") or path.startswith("/static_content/") else ANSWER
