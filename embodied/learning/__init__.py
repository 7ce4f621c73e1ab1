"""How the shipped model is made: what it is taught with, the stages of its training, how it is examined."""
