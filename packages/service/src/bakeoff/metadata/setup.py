"""Sets the client of the partner up, where there is a partner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bakeoff.metadata.settings import MetadataSettings
from bakeoff.metrics import Metrics

if TYPE_CHECKING:
    from bakeoff.metadata.client import MetadataClient


def metadata_client(settings: MetadataSettings, metrics: Metrics) -> MetadataClient | None:
    """A client with its metrics, or None where the settings name no partner."""
    if settings.metadata_url is None:
        return None
    # A service without a partner does not even import httpx.
    from bakeoff.metadata.client import MetadataClient
    from bakeoff.metadata.metrics import MetadataMetrics

    client = MetadataClient(settings)
    metrics.registry.register(MetadataMetrics(client))
    return client
