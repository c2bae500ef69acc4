"""Who may do what: log-ins, tokens, scopes. Off unless `BAKEOFF_AUTH` says otherwise.

What is off is not there: `guard.py` attaches dependencies to the routes only where they are needed,
and the modules that import the libraries for tokens and limits are imported only then.
"""
