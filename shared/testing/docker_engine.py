"""Whether containers can be run here."""

from importlib import import_module


def docker_is_missing() -> str:
    """Why no container can be run; empty when a Docker engine answers."""
    try:
        import_module("docker").from_env(timeout=5).ping()
    except Exception as error:
        return f"no Docker engine answers ({type(error).__name__})"
    return ""
