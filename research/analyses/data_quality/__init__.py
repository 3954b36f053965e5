"""What is in the files, what is lost and why, and which screens fire."""
