"""A server of MLflow: does it answer, and within a second."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from coralexp.doctor.finding import Finding
from coralexp.doctor.patience import within

if TYPE_CHECKING:
    from coralexp.tracking.address import Address

_NAME = "MLflow"
_LIMIT_S = 1.0
_OK = 200
_REFUSED = (401, 403)


def check_server(address: Address, version: str) -> Finding:
    """Return what a server answers to `/health`; credentials are neither sent nor told.

    Args:
        address: Where it is.
        version: Of the installed MLflow.
    """
    told = f"{version}, {address.public}"
    remedy = "start it (mlflow server), or unset MLFLOW_TRACKING_URI; runs are logged afterwards"
    try:
        status, answer = within(_LIMIT_S, lambda: _health(address.uri))
    except TimeoutError:
        return Finding(_NAME, "note", f"{told}: no answer within {_LIMIT_S:g} s", remedy)
    except (OSError, http.client.HTTPException, ValueError) as error:
        why = getattr(error, "strerror", None) or address.redacted(str(error))
        return Finding(_NAME, "note", f"{told}: cannot be reached ({why})", remedy)
    if status in _REFUSED:
        return Finding(_NAME, "ok", f"{told}: answers, and asks who you are")
    if status != _OK:
        return Finding(_NAME, "note", f"{told}: answers /health with status {status}", remedy)
    if answer.strip() != b"OK":
        text = "compare MLFLOW_TRACKING_URI with the address at which the MLflow server listens"
        return Finding(_NAME, "note", f"{told}: what answers there is no MLflow", text)
    return Finding(_NAME, "ok", f"{told}: answers")


def _health(uri: str) -> tuple[int, bytes]:
    parts = urlsplit(uri)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_LIMIT_S)
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/health")
        answer = connection.getresponse()
        return answer.status, answer.read(100)
    finally:
        connection.close()
