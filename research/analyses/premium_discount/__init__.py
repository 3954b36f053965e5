"""How fast a premium closes, who closes it, and how much of it is only a clock."""
