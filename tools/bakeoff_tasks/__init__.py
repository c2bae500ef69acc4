"""What the sessions of the noxfile do, apart from nox."""
