"""From a world point to a joint trajectory, for any arm."""
