"""What the hand can do: approach, grasp, carry, pull, push; each checks before and after, by its sensors."""
