"""The catalogue import: from a CSV file to a data layer, without a word to the screen."""
