"""The drivers: what each calls its own, behind one small interface, and the pool before them."""
