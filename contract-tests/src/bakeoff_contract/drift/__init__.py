"""Whether a backend's own models say what the migrations have made.

The models make a database of their own, by the layer's own tool, and its catalogue is compared with
that of the migrated one. Run it with `pytest --pyargs bakeoff_contract.drift --backend NAME`.
"""
