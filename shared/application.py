"""The HTTP application of one service: its routes, the routes about delivery, health, tokens, problems, edge."""

from fastapi import FastAPI

from shared.auth import Verifier, install_tokens
from shared.delivery_api import router as delivery_router
from shared.demonstration_api import router as demonstration_router
from shared.edge import install_edge
from shared.health import health_router
from shared.openapi import ABOUT, install_openapi
from shared.perform import STORE_TRANSLATIONS
from shared.problems import install_problem_handlers
from shared.service import Service


def build_application(service: Service, verifier: Verifier) -> FastAPI:
    """The application that answers for a service; `service` is reached from a request by `service_of`."""
    prefix = f"/{service.name}/api/v1"
    app = FastAPI(
        title=service.definition.title,
        description=ABOUT,
        version="1",
        redirect_slashes=False,
        openapi_url=f"{prefix}/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.service = service
    install_tokens(app, verifier)
    translations = dict(STORE_TRANSLATIONS) | dict(service.definition.translations)
    install_problem_handlers(app, service=service.name, translations=translations)
    app.include_router(
        health_router(
            service.metrics.registry,
            ready={"database": service.database_answers},
            working=service.working,
            prefix=f"/{service.name}",
        )
    )
    for router in (*service.definition.routers, delivery_router):
        app.include_router(router, prefix=prefix)
    if service.domain_clock.demonstration:
        app.include_router(demonstration_router, prefix=prefix)
    install_openapi(app)
    install_edge(
        app, service=service.name, metrics=service.metrics, header_bytes=service.settings.limits.header_bytes
    )
    return app
