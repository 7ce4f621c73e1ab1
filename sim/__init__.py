"""The kitchen in PyBullet: the first plug-in, and the only place that imports pybullet."""
