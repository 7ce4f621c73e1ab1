"""A gantry over a table of blocks, and a three-joint arm: the two doors through which a robot comes in."""
