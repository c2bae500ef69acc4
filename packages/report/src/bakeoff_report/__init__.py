"""From the result files of a checkout to one page, its data, a summary and badges."""
