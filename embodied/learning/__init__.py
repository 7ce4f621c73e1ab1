"""What the shipped model is taught with: pictures, questions, commands."""
