"""The access matrix: every route against nobody, the wrong role, and the right role elsewhere.

A service's test lists one `Access` per route; compare `routes_of` with the list,
so that a new route fails until it is there.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from shared.testing.running import Running


@dataclass(frozen=True, kw_only=True)
class Access:
    """One route with a request that would be right, and grants that are wrong in each way.

    `anyone`: the route is open to everybody who is authenticated (a report may come from anybody).
    `right` is a grant that may; `other_scope` and `other_unit` are the same role elsewhere (None: no such limit).
    """

    method: str
    path: str
    call: Callable[[], str]
    body: Callable[[], Any] | None = None
    right: str = ""
    wrong_role: str = "archivist:*:*"
    other_scope: str | None = None
    other_unit: str | None = None
    anyone: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def routes_of(app: FastAPI) -> set[tuple[str, str]]:
    """Method and path of every documented route of an application."""
    paths: dict[str, dict[str, Any]] = app.openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods}


async def status_for(running: Running, access: Access, *grants: str, authenticated: bool = True) -> int:
    """Status of the access's request by somebody with these grants."""
    body = access.body() if access.body else None
    if not authenticated:
        answer = await running.client.request(access.method, f"/{running.service.name}/api/v1{access.call()}")
        return answer.status_code
    person = running.person("somebody", *grants)
    if access.method == "GET":
        return (await person.get(access.call())).status_code
    return (await person.post(access.call(), body, headers=access.headers)).status_code


async def assert_access(running: Running, access: Access) -> None:
    """Nobody 401, wrong role 403, the right role elsewhere 404, as if the thing did not exist."""
    where = f"{access.method} {access.path}"
    assert await status_for(running, access, authenticated=False) == 401, where
    if access.anyone:
        assert await status_for(running, access) < 300, where
        return
    assert await status_for(running, access, access.wrong_role) == 403, where
    for elsewhere in (access.other_scope, access.other_unit):
        if elsewhere is not None:
            assert await status_for(running, access, elsewhere) == 404, f"{where} as {elsewhere}"
    if access.right:
        assert await status_for(running, access, access.right) < 300, where
