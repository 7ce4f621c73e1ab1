"""How the shipped model is trained: what it is made of, the stages, how well it points."""
