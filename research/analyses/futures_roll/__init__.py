"""What holding futures in the place of the asset has cost."""
