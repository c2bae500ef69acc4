from __future__ import annotations

from bakeoff_newlayer.layer import Layer
from bakeoff_schemas.config import LayerConfig
from bakeoff_schemas.database_url import DatabaseUrl


def test_making_a_layer_connects_to_nothing() -> None:
    layer = Layer(LayerConfig(url=DatabaseUrl.parse("postgresql://nobody@127.0.0.1:9/nowhere")))
    assert layer.connections().size == 0
