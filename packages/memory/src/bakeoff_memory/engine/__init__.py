"""What a database provides: tables, transactions and pages."""
