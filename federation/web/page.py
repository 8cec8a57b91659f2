"""A page out of a template: language, numbers, links that keep what was chosen.

Rule: templates only print. Autoescape is on for all of them, undefined names are
errors, and there is no `|safe` in any template (a test holds that).
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib import resources
from types import BuiltinMethodType, FunctionType, MethodType
from typing import Final

import jinja2
import msgspec
from aiohttp import hdrs, web
from markupsafe import Markup, escape
from yarl import URL

from federation.flows.query import answers
from federation.flows.query.comparison import compare
from federation.records.readers import may_do
from federation.store.view import View
from federation.text import Sentence, Text
from federation.web.context import SITE
from federation.web.forms import form_token
from federation.web.further import further
from federation.web.lag import PATH as LAG_PATH
from federation.web.pagecache import DRAWN, MADE_OF, KeptPage, Unchanged
from federation.web.sessions import SIGNED_IN
from federation.web.shapes import RowMarks, draw_faces, draw_parts, draw_places

STATIC = resources.files("federation.web") / "static"
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
#: With which a script of ours runs that asks this node, and no other.
SCRIPT_POLICY = f"{POLICY}; script-src 'self'; connect-src 'self'"
SAFETY = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


# `V KOTO KAMPUNG DALAM`, `DI YOGYAKARTA`.
_ROMAN: Final = re.compile(r"\A[IVX]+\Z")
#: Written in an address as it is.
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]*").fullmatch
_PLAIN_PATH: Final = re.compile(r"/|(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)+").fullmatch
_UPPER: Final = frozenset({"DI", "DKI"})


#: What stands in a drawn page for what changes with the whole map: of no language.
_MARKS: Final = {name: f"\ue000{name}\ue001" for name in ("fresh", "live")}
_OURS: Final = frozenset({BuiltinMethodType, FunctionType, MethodType, Text})
#: What a page has none of, where nothing is said of it.
_NOTHING: Final = {
    "data": "",
    "every_s": 0,
    "preview": "",
    "suggests": False,
    # Of a page that comes without our headers.
    "policy": "",
}


class PlainContext(jinja2.runtime.Context):
    """Calls what is ours as it is: nothing of it takes the context.

    Jinja asks each thing that is called what it takes, 500 times for a page: a third of
    the time in which a page is made.
    """

    def call(self, thing: object, /, *args: object, **kwargs: object) -> object:
        """What `thing` gives; a macro, or what else is of Jinja, as Jinja calls it."""
        if type(thing) in _OURS:
            kwargs.pop("_block_vars", None)
            kwargs.pop("_loop_vars", None)
            return thing(*args, **kwargs)  # type: ignore[operator]  # it is called
        return super().call(thing, *args, **kwargs)  # type: ignore[arg-type]  # the same


class Page:
    """One request's page: its language and what was chosen on the way to it."""

    def __init__(self, request: web.Request, t: Text, chosen: dict[str, str]) -> None:
        """`chosen`: the parameters that every link keeps (election, contest, lang)."""
        self.request, self.t, self.chosen = request, t, chosen
        #: What organisations are called, by domain.
        self.names: Mapping[str, str] = {}
        #: When the map last changed, where a page says nothing of it by itself.
        self.fresh = ""
        #: The page as it is kept; None: it is for this reader alone.
        self.before: KeptPage | None = None
        # A page is as many folders deep as its path has slashes behind the first.
        self._root = "../" * (request.rel_url.raw_path.count("/") - 1) or "./"

    async def answer(
        self, template: str, owner: str, /, **values: object
    ) -> web.Response:
        """The same as `render`, beside the event loop; what is kept is not drawn again.

        Raises:
            Unchanged: it would be drawn from what the kept one was drawn from.
        """
        pages = self.request.app[SITE].pages
        return await pages.beside(self._draw, template, owner, values)

    async def answer_with(
        self, template: str, owner: str, read: Callable[[View], Mapping[str, object]]
    ) -> web.Response:
        """The same of values that are read first: in one snapshot, and in that thread.

        `read` takes some milliseconds at most: other pages wait for it. Its `fresh` and
        `live` change with each batch of the map, wherever that was: of a page that is
        else the same they alone are written anew.

        Raises:
            Unchanged: as above.
            FederationError: whatever `read` raises.
        """
        site = self.request.app[SITE]

        def work() -> web.Response:
            with site.db.view() as view:
                values = read(view)
            return self._stamp(template, owner, values)

        return await site.pages.beside(work)

    def _stamp(
        self, template: str, owner: str, values: Mapping[str, object]
    ) -> web.Response:
        told = {name: str(values[name]) for name in _MARKS}
        marked = {
            **values,
            **{name: _MARKS[name] if told[name] else "" for name in told},
        }
        made_of, before = _digest((template, owner, dict(self.names), marked)), None
        if made_of and self.before and self.before.made_of == made_of:
            before = self.before
            drawn, headers = before.drawn, dict(before.headers)
            del headers[hdrs.ETAG]
        else:
            answered = self.render(template, owner, **marked)
            assert isinstance(answered.body, bytes), "just drawn"
            drawn, headers = answered.body, dict(answered.headers)
        body = drawn
        for name, mark in _MARKS.items():
            said = escape(told[name].removeprefix("/"))
            body = body.replace(mark.encode(), said.encode())
        if before is not None and body == before.body:
            raise Unchanged
        stamped = web.Response(body=body, headers=headers)
        stamped[MADE_OF], stamped[DRAWN] = made_of, drawn
        return stamped

    def _draw(
        self, template: str, owner: str, values: Mapping[str, object]
    ) -> web.Response:
        made_of = _digest((template, owner, dict(self.names), values))
        if made_of and self.before and self.before.made_of == made_of:
            raise Unchanged
        answered = self.render(template, owner, **values)
        answered[MADE_OF] = made_of
        return answered

    def render(self, template: str, owner: str, /, **values: object) -> web.Response:
        """The template as an answer, with the headers that keep it harmless.

        `live` of its values: where the page hears that it is to ask for itself again
        (`live.py`); "", or none: it does not. `suggests`: its search box proposes
        places (`suggestions.py`).
        """
        live, lag = str(values.pop("live", "")), self.lag_address()
        other = "en" if self.t.language == "id" else "id"
        text = (
            _templates()
            .get_template(template)
            .render(
                t=self.t,
                owner=owner,
                keep=self.chosen,
                link=self.link,
                to=self.to,
                name=self.name,
                named=self.named,
                number=self.t.number,
                percent=self.t.percent,
                span=self.t.span,
                word=self.word,
                stylesheet=self.to(static_address("style.css")),
                tilemap_styles=self.to(static_address("tilemap.css")),
                other_language=self.other_language(other),
                live=self.to(live) if live else "",
                live_script=self.to(static_address("live.js")),
                lag=self.to(lag) if lag else "",
                suggest_script=self.to(static_address("suggest.js")),
                **{**_NOTHING, "fresh": self.fresh, **self.who_reads(), **values},
            )
        )
        answered = web.Response(text=text, content_type="text/html", headers=SAFETY)
        answered.headers[hdrs.CONTENT_LANGUAGE] = self.t.language
        answered.headers[hdrs.VARY] = hdrs.ACCEPT_LANGUAGE
        answered.headers[hdrs.CACHE_CONTROL] = "no-cache"
        if live or lag or values.get("suggests"):
            answered.headers["Content-Security-Policy"] = SCRIPT_POLICY
        return answered

    def lag_address(self) -> str:
        """Where a page of a reader asks how old it is; "": this is the node."""
        if self.request.app[SITE].behind() is None:
            return ""
        return query_of(LAG_PATH, {"lang": self.t.language})

    def other_language(self, language: str) -> str:
        """The address of the same page in it."""
        return further(self.request, lang=language)

    def who_reads(self) -> Mapping[str, object]:
        """Who is signed in, None: nobody, and the token that their forms carry."""
        session = self.request.get(SIGNED_IN)
        token = form_token(self.request) if session else ""
        may_remove = session is not None and may_do(session.person, "remove")
        may_refer = session is not None and may_do(session.person, "refer")
        return {
            "may_refer": may_refer,
            "may_read_forms": session is not None
            and may_do(session.person, "read-forms"),
            "who": session.person if session else None,
            "form_token": token,
            "may_remove": may_remove,
        }

    def link(self, path: str, **more: str) -> str:
        """The address of another page, keeping what was chosen."""
        return self.to(query_of(path, {**self.chosen, **more}))

    def to(self, address: str) -> str:
        """An address of this node, from this page on.

        Relative, so that it stays on the node where a proxy answers for it below a
        path of its own (`https://example.org/federation/`).
        """
        return self._root + address.removeprefix("/")

    def name(self, place: answers.Place | answers.Region) -> str:
        """A region's name, or its code in words."""
        if place.name:
            return gentle(place.name)
        return self.t("page.unnamed", code=place.code) if place.code else "Indonesia"

    def named(self, org: str) -> str:
        """What an organisation is called; its domain where nobody has said."""
        return self.names.get(org, org)

    def word(self, kind: str, code: str) -> str:
        """The word for a code of the field; the code itself where there is none."""
        return self.t.word(f"page.{kind}_{code}", code)


def _digest(values: object) -> bytes:
    """Of plain values and nothing else; b"": there is something else among them."""
    try:
        data = msgspec.msgpack.encode(values, enc_hook=_plain)
    except (TypeError, ValueError, OverflowError):
        return b""
    return hashlib.sha256(data).digest()


def _plain(value: object) -> object:
    """What a cause is made of.

    Raises:
        TypeError: it is something else, of which nobody knows whether it has changed.
    """
    if isinstance(value, Sentence):
        return [value.key, value.values]
    raise TypeError(type(value).__name__)


def query_of(path: str, query: Mapping[str, str]) -> str:
    """The address of a question, without what is not asked."""
    asked = {name: value for name, value in query.items() if value}
    # Most of a page's hundred links are plain: for them that takes a fifth of the time.
    if _PLAIN_PATH(path) and all(map(_PLAIN, asked.values())):
        words = "&".join(f"{name}={value}" for name, value in asked.items())
        return f"{path}?{words}" if words else path
    return str(URL.build(path=path, query=asked))


def render_file(template: str, /, **values: object) -> bytes:
    """A template as a file that stands by itself: of no request, for no reader."""
    return _templates().get_template(template).render(**values).encode()


def static_address(name: str) -> str:
    """Where a static file is; the address changes with its bytes."""
    return f"/static/{name}?v={_static(name)[1]}"


def static_file(name: str) -> tuple[bytes, str]:
    """The bytes of a static file and their short digest.

    Raises:
        KeyError: there is no such file.
    """
    if name not in static_names():
        raise KeyError(name)
    return _static(name)


def ready_templates() -> None:
    """Have those of the pages that most ask for compiled: half a second of work.

    Else whoever comes first after a start waits for it.
    """
    pages = ("region", "tps", "stations", "pictures")
    for name in (*pages, "base", "parts", "tilemap"):
        _templates().get_template(f"{name}.html")


@cache
def static_names() -> frozenset[str]:
    """The files that there are: nothing else is ever opened."""
    return frozenset(entry.name for entry in STATIC.iterdir())


@cache
def _static(name: str) -> tuple[bytes, str]:
    data = (STATIC / name).read_bytes()
    return data, hashlib.sha256(data).hexdigest()[:12]


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("federation.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_say,
        # They change with the program: else each page asks the disk for each of them.
        auto_reload=False,
    )
    environment.context_class = PlainContext
    environment.filters["compared"] = compare
    environment.filters["gentle"] = gentle
    environment.filters["spans"] = mark_commands
    environment.globals |= {
        "mark": RowMarks(),
        "draw_faces": draw_faces,
        "draw_parts": draw_parts,
        "draw_places": draw_places,
    }
    return environment


@jinja2.pass_context
def _say(context: jinja2.runtime.Context, value: object) -> object:
    """A cause in the reader's language, whichever template prints it."""
    return context["t"].say(value) if isinstance(value, Sentence) else value


def mark_commands(sentence: str) -> Markup:
    """A sentence of ours, what stands between backticks as code; all of it escaped."""
    parts = sentence.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if number % 2 else escape(part)
        for number, part in enumerate(parts)
    )


@lru_cache(maxsize=1_000)
def gentle(name: str) -> str:
    """A place's name as people write it: registers shout (`KOTA PADANG`)."""
    if not name.isupper():
        return name
    return " ".join(
        word if word in _UPPER or _ROMAN.match(word) else word.title()
        for word in name.split(" ")
    )
