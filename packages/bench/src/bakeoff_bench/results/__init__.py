"""What a run leaves behind: the model of the file, its statistics, and comparing two of them."""
