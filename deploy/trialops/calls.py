"""Calls to an installation's HTTP API, with the failures an operator must be able to tell apart."""

from typing import Any

import httpx

from shared.ids import new_id


class Unreachable(Exception):
    """Nobody answers at the address, or somebody else does."""


class Refused(Exception):
    """The service refused; `problem` is its problem document."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("code", str(status)))
        self.status = status
        self.problem = problem

    def in_words(self) -> str:
        """Code, detail and the places of errors, in one line."""
        errors = ", ".join(f"{one['path']}: {one['message']}" for one in self.problem.get("errors", ()))
        return f"{self.problem.get('code')}: {self.problem.get('detail', '')} {errors}".strip()

    @property
    def not_permitted(self) -> bool:
        return self.status in (401, 403)


class Calls:
    """Speaks to one installation as one person."""

    def __init__(self, url: str, token: str, *, seconds: float = 120.0) -> None:
        try:
            self._client = httpx.Client(
                base_url=url,
                headers={"authorization": f"Bearer {token}"},
                timeout=seconds,
                follow_redirects=False,
            )
        except (httpx.InvalidURL, UnicodeEncodeError) as error:
            raise Unreachable(f"the address or the token cannot be used ({type(error).__name__})") from None

    def get(self, service: str, path: str, **query: Any) -> Any:
        return self._answer("GET", service, path, params=query)

    def post(self, service: str, path: str, body: Any = None) -> Any:
        headers = {"idempotency-key": new_id()}
        if body is None:
            return self._answer("POST", service, path, headers=headers)
        return self._answer("POST", service, path, json=body, headers=headers)

    def text(self, service: str, path: str) -> str:
        """An answer that is a page, not JSON."""
        answer = self._requested("GET", service, path)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            raise Unreachable(f"{self._client.base_url} answers, but not as trialops does")
        return answer.text

    def pages(self, service: str, path: str, **query: Any) -> list[Any]:
        """Every entry of a list that comes in pages."""
        entries: list[Any] = []
        while True:
            page = self.get(service, path, **query)
            entries.extend(page["items"])
            if page["next_cursor"] is None:
                return entries
            query["cursor"] = page["next_cursor"]

    def close(self) -> None:
        self._client.close()

    def _answer(self, method: str, service: str, path: str, **arguments: Any) -> Any:
        answer = self._requested(method, service, path, **arguments)
        try:
            return answer.json()
        except ValueError:
            raise Unreachable(f"{self._client.base_url} answers, but not as trialops does") from None

    def _requested(self, method: str, service: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            answer = self._client.request(method, f"/{service}/api/v1{path}", **arguments)
        except httpx.TransportError as error:
            raise Unreachable(f"{self._client.base_url} does not answer ({type(error).__name__})") from error
        if answer.status_code >= 400:
            try:
                problem = answer.json()
            except ValueError:
                problem = {"code": f"http_{answer.status_code}", "title": "No problem document"}
            raise Refused(answer.status_code, problem)
        return answer
