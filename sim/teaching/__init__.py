"""The kitchen as a teacher: pictures of states that are drawn, not played, and the truth about them. Ground truth."""
