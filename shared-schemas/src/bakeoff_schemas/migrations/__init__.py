"""The physical schema of the bookstore and its history; run it through `bakeoff_schemas.migrate`.

A new revision begins as a file that Alembic writes from the template:

    from alembic import command
    from bakeoff_schemas.migrations.runner import configuration
    command.revision(configuration(), message="Shelves for the books", rev_id="0002_shelves")
"""
