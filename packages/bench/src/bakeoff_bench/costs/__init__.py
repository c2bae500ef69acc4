"""What a layer takes besides time: CPU, memory, round trips, start, and room on the disk."""
