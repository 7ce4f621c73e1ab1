"""What goes wrong in mid-episode, by script: a thing is shoved, knocked over, slips or is moved; a drawer jams.

At most one of them befalls a disturbed episode, drawn from its seed. Ground truth: neither planner nor robot is told.
"""
