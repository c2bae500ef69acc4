"""What a database would have brought along: tables, transactions and pages."""
