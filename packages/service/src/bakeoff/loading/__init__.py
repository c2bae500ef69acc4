"""The catalogue import: from a CSV file to a data layer, without output to the screen."""
