"""A person's browser without a screen or script: requests, its cookie jar, and the forms of server-rendered pages."""

import os
from html.parser import HTMLParser
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import parse_qs, urljoin, urlparse

import requests
from requests.cookies import get_cookie_header

from script import REQUEST_TIMEOUT_SECS, Failed, ensure

REDIRECTS_MAX = 12
PAGES_MAX = 12
AGREEMENTS = ("allow", "accept", "agree", "approve", "yes", "continue")


class FormReader(HTMLParser):
    """Collects the forms of a page: action, method, fields with their kinds, and submit buttons."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[dict[str, Any]] = []
        self.words: list[str] = []
        self.refresh: str | None = None
        self._form: dict[str, Any] | None = None
        self._button: dict[str, str] | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "template"):
            self._silent += 1
        elif tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.refresh = values.get("content", "").partition("url=")[2].strip() or None
        elif tag == "form":
            self._form = {"hidden": "hidden" in values, "action": values.get("action", ""), "method": values.get("method", "get").lower(), "fields": {}, "kinds": {}, "buttons": []}
            self.forms.append(self._form)
        elif self._form is None:
            return
        elif tag == "button" and values.get("type", "submit") == "submit":
            self._button = {"name": values.get("name", ""), "value": values.get("value", ""), "action": values.get("formaction", ""), "label": ""}
            self._form["buttons"].append(self._button)
        elif tag == "input" and "disabled" not in values:
            self._add_input(values)

    def _add_input(self, values: dict[str, str]) -> None:
        kind = values.get("type", "text").lower()
        name = values.get("name", "")
        if kind == "submit":
            self._form["buttons"].append({"name": name, "value": values.get("value", ""), "action": values.get("formaction", ""), "label": values.get("value", "")})
            return
        if not name:
            return
        self._form["kinds"][name] = kind
        if kind not in ("checkbox", "radio") or "checked" in values:
            self._form["fields"][name] = values.get("value", "on" if kind == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._silent = max(0, self._silent - 1)
        elif tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._button is not None:
            self._button["label"] += f" {data.strip()}"
        if data.strip():
            self.words.append(data.strip())


class Page:
    """One answer: where the agent ended, and what the page asks."""

    def __init__(self, url: str, status: int, text: str, stopped: bool) -> None:
        self.url, self.status, self.stopped = url, status, stopped
        reader = FormReader()
        reader.feed(text)
        self.forms = [form for form in reader.forms if not form["hidden"]]
        self.refresh = reader.refresh
        self.words = " ".join(reader.words)[:500]

    def query(self, name: str) -> str | None:
        return parse_qs(urlparse(self.url).query).get(name, [None])[0]


class Agent:
    """Follows redirects itself, so that a test can stop at the application's address, where nothing listens."""

    def __init__(self, stop_at: list[str]) -> None:
        self.stop_at = [prefix for prefix in stop_at if prefix]
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = os.environ.get("REQUESTS_CA_BUNDLE", True)
        # As browsers do, loopback counts as secure, so that `Secure` cookies come back. A session prepares its requests
        # with a jar that has another policy, so the header is made from this one.
        self.session.cookies.set_policy(DefaultCookiePolicy(secure_protocols=("http", "https")))

    def get(self, url: str) -> Page:
        return self._walk("GET", url, None)

    def submit(self, page: Page, form: dict[str, Any], filled: dict[str, str], button: dict[str, str] | None = None) -> Page:
        button = button or (form["buttons"][0] if form["buttons"] else None)
        fields = {**form["fields"], **filled}
        if button and button["name"]:
            fields[button["name"]] = button["value"]
        action = (button["action"] if button else "") or form["action"] or page.url
        return self._walk("POST", urljoin(page.url, action), fields, page.url)

    def _walk(self, method: str, url: str, fields: dict[str, str] | None, referer: str | None = None) -> Page:
        for _ in range(REDIRECTS_MAX):
            if any(url.startswith(prefix) for prefix in self.stop_at):
                return Page(url, 0, "", True)
            headers = {"Accept": "text/html"}
            if referer:
                origin = urlparse(referer)
                headers |= {"Referer": referer, "Origin": f"{origin.scheme}://{origin.netloc}"}
            request = self.session.prepare_request(requests.Request(method, url, data=fields, headers=headers))
            if cookies := get_cookie_header(self.session.cookies, request):
                request.headers["Cookie"] = cookies
            reply = self.session.send(request, allow_redirects=False, timeout=REQUEST_TIMEOUT_SECS)
            if reply.is_redirect:
                url = urljoin(url, reply.headers["Location"])
                if reply.status_code not in (307, 308):
                    method, fields, referer = "GET", None, None
                continue
            page = Page(url, reply.status_code, reply.text, False)
            if not page.refresh:
                return page
            # A page that goes on by itself, because a form's own redirects may not leave the origin.
            method, url, fields, referer = "GET", urljoin(url, page.refresh), None, None
        raise Failed(f"more than {REDIRECTS_MAX} redirects, the last to {url}")


def _answer(agent: Agent, page: Page, person: dict[str, str]) -> Page | None:
    known = {"identifier": person["login"], "login": person["login"], "password": person["password"]}
    asking = [form for form in page.forms if form["method"] == "post"]
    for form in asking:
        filled = {name: value for name, value in known.items() if form["kinds"].get(name, "hidden") != "hidden"}
        if filled:
            return agent.submit(page, form, filled)
    for form in asking:
        for button in form["buttons"]:
            if any(word in f"{button['label']} {button['value']}".lower() for word in AGREEMENTS):
                return agent.submit(page, form, {}, button)
    return None


def authorize(agent: Agent, url: str, person: dict[str, str]) -> tuple[str, list[str]]:
    """Signs the person in by whatever pages the server shows; returns the URL that the application is called with."""
    page = agent.get(url)
    visited: list[str] = []
    for _ in range(PAGES_MAX):
        if page.stopped:
            ensure(not page.query("error"), f"authorization ended with {page.query('error')}: {page.query('error_description')}", visited)
            return page.url, visited
        visited.append(f"{page.status} {urlparse(page.url).path}")
        ensure(page.status == 200, f"a sign-in page answered {page.status} (walk: {' > '.join(visited)})", page.words)
        following = _answer(agent, page, person)
        ensure(following, f"no form that can be answered (walk: {' > '.join(visited)})", page.words)
        page = following
    raise Failed(f"sign-in did not end within {PAGES_MAX} pages: {' > '.join(visited)}")
