"""What the containers may do, and what of them can be reached from outside."""

import http.client

import pytest

from tests.compose.stack import Stack

SERVICES = ("enrolment", "safety", "sponsor")
OURS = {f"{service}-{role}" for service in SERVICES for role in ("api", "worker")}
RUNNING = OURS | {"postgres", "kafka", "proxy"}
ROOT_USER = "0"


def test_everything_is_healthy_after_up(stack: Stack) -> None:
    containers = stack.containers()

    assert set(containers) == RUNNING
    assert {one["State"]["Health"]["Status"] for one in containers.values()} == {"healthy"}


def test_only_the_proxys_port_is_published(stack: Stack) -> None:
    published = {
        (name, inside, one["HostIp"], one["HostPort"])
        for name, container in stack.containers().items()
        for inside, places in container["NetworkSettings"]["Ports"].items()
        for one in places or ()
    }

    assert published == {("proxy", "8080/tcp", "127.0.0.1", stack.url.rpartition(":")[2])}


def test_no_process_runs_as_root(stack: Stack) -> None:
    users = {name: stack.users_of_processes(name) for name in sorted(RUNNING)}

    assert all(found and ROOT_USER not in found for found in users.values()), users
    assert {user for name in OURS for user in users[name]} == {"10001"}


def test_our_containers_are_read_only_and_without_privileges(stack: Stack) -> None:
    containers = stack.containers()

    for name in OURS | {"proxy"}:
        limits = containers[name]["HostConfig"]
        assert limits["ReadonlyRootfs"], name
        assert limits["CapDrop"] == ["ALL"], name
        assert not limits["CapAdd"], name
        assert not limits["Privileged"], name
        assert limits["SecurityOpt"] == ["no-new-privileges:true"], name
        assert limits["PidsLimit"] > 0, name
        assert limits["Memory"] > 0, name
    written = (
        "import pathlib\ntry: pathlib.Path('/app/x').touch()\nexcept OSError as error: print(error.errno)"
    )
    assert stack.compose("exec", "-T", "safety-worker", "python", "-c", written).strip() == "30"  # EROFS


def test_stores_and_broker_have_no_way_out(stack: Stack) -> None:
    containers = stack.containers()
    networks = {name: set(one["NetworkSettings"]["Networks"]) for name, one in containers.items()}

    assert all(networks[name] == {f"{stack.project}_inside"} for name in ("postgres", "kafka"))
    assert not any(f"{stack.project}_public" in networks[name] for name in RUNNING - {"proxy"})
    assert f"{stack.project}_inside" not in networks["proxy"]


@pytest.mark.parametrize("service", SERVICES)
def test_health_metrics_and_documents_of_the_frameworks_stay_inside(stack: Stack, service: str) -> None:
    for path in ("metrics", "livez", "readyz", "docs", "openapi.json"):
        assert _status(stack, f"/{service}/{path}") == 404, path


@pytest.mark.parametrize(
    "path",
    [
        "/safety/api/../metrics",
        "/safety/api/v1/../../metrics",
        "/safety/api/%2e%2e/metrics",
        "/safety/api/..%2fmetrics",
        "/safety/api/x%2f..%2f..%2fmetrics",
        "/safety/metrics/../api/",
        "/safety/metrics%3f/../api/",
        "/safety/metrics%23/../api/",
        "//safety/metrics",
        "/safety//metrics",
        "/safety/%6detrics",
        "/SAFETY/metrics",
        "/safety-worker/metrics",
        "/kafka/api/",
        "/sponsor/api/v1/../../../safety/metrics",
    ],
)
def test_no_spelling_of_a_path_reaches_what_stays_inside(stack: Stack, path: str) -> None:
    status = _status(stack, path)

    assert status in (400, 404), status


def _status(stack: Stack, path: str) -> int:
    """Status for a path that is sent exactly as it is written here."""
    host, _, port = stack.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    assert b"relay_epoch" not in body
    return answer.status
