"""A browser without script, as small as can be: pages, their forms and links, cookies; enough to walk the portal."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import httpx


class NotThere(AssertionError):
    """A page lacks what a person would look for."""


@dataclass
class Form:
    """A form as a person finds it: where it goes, what is filled in already, what its buttons send."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # name, value, formaction

    def names(self) -> set[str]:
        """All that can be filled in or pressed."""
        return {name for name, _ in self.fields} | {name for name, _, _ in self.buttons if name}


@dataclass
class Page:
    """A page that was opened."""

    url: str
    status: int
    html: str
    forms: list[Form]
    links: list[str]
    text: str

    def form(self, *names: str, to: str = "") -> Form:
        """The form that has all these fields and goes to an address with `to`; raises `NotThere`."""
        for form in self.forms:
            if form.names() >= set(names) and to in form.action:
                return form
        raise NotThere(f"{urlsplit(self.url).path} ({self.status}) has no form {to} with {', '.join(names)}")

    def must_say(self, words: str) -> None:
        """Raises `NotThere` unless the page's text has these words; blanks of any kind are alike."""
        if words not in self.text:
            raise NotThere(f"{urlsplit(self.url).path} ({self.status}) does not say “{words}”")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._open: Form | None = None
        self._select = ""
        self._area: tuple[str, list[str]] | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "svg"):
            self._silent += 1
        if tag == "a" and has.get("href"):
            self.links.append(has["href"])
        if tag == "form":
            self._open = Form(has.get("action", ""), has.get("method", "get").lower())
            self.forms.append(self._open)
        if self._open is not None and "disabled" not in has:
            self._field(tag, has, self._open)

    def _field(self, tag: str, has: dict[str, str], form: Form) -> None:
        name, value = has.get("name", ""), has.get("value", "")
        if tag == "button":
            form.buttons.append((name, value, has.get("formaction", "")))
        elif tag == "input" and name:
            if has.get("type") not in ("radio", "checkbox"):
                form.fields.append((name, value))
            elif "checked" in has:
                form.fields.append((name, value or "on"))
            else:
                form.buttons.append((name, value, ""))  # may be chosen, is not
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and "selected" in has:
            form.fields.append((self._select, value))
        elif tag == "option" and self._select:
            form.buttons.append((self._select, value, ""))
        elif tag == "textarea" and name:
            self._area = (name, [])

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "svg"):
            self._silent = max(0, self._silent - 1)
        if tag == "textarea" and self._area is not None and self._open is not None:
            self._open.fields.append((self._area[0], "".join(self._area[1])))
            self._area = None
        if tag == "select":
            self._select = ""
        if tag == "form":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area[1].append(data)
        elif not self._silent:
            self.words.append(data)


class Browser:
    """One person's browser, with cookies of its own. It follows redirects and never leaves this machine."""

    def __init__(self) -> None:
        self._http = httpx.AsyncClient(trust_env=False, follow_redirects=True, timeout=20)

    async def close(self) -> None:
        """Close it."""
        await self._http.aclose()

    async def open(self, url: str) -> Page:
        """Open an address."""
        return _page(await self._http.get(url, headers={"Accept-Language": "ru"}))

    async def follow(self, page: Page, link: str) -> Page:
        """Follow a link of a page."""
        return await self.open(urljoin(page.url, link))

    async def submit(self, page: Page, form: Form, *, press: tuple[str, str] | None = None, **filled: str) -> Page:
        """Fill the form in and send it; `press` is the name and value of the button that is pressed."""
        pairs = [(name, value) for name, value in form.fields if name not in filled] + list(filled.items())
        action = form.action
        if press is not None:
            pairs.append(press)
            action = next((to for name, value, to in form.buttons if (name, value) == press and to), action)
        url = urljoin(page.url, action or page.url)
        if form.method == "get":
            return await self.open(f"{url}?{urlencode(pairs)}")
        parts = urlsplit(page.url)
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{parts.scheme}://{parts.netloc}",
            "Sec-Fetch-Site": "same-origin",
            "Accept-Language": "ru",
        }
        return _page(await self._http.post(url, content=urlencode(pairs).encode(), headers=headers))


def _page(answer: httpx.Response) -> Page:
    reader = _Reader()
    reader.feed(answer.text)
    text = " ".join(" ".join(reader.words).split())
    return Page(str(answer.url), answer.status_code, answer.text, reader.forms, reader.links, text)
