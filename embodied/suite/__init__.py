"""Many episodes, each a process of its own, counted honestly.

A ``file`` says which tasks; ``job`` makes it a list of episodes, all decided before the first one runs; ``pool`` runs
them; ``journal`` keeps what is finished, so that a killed suite goes on where it was; ``results`` counts.
"""
