"""Training of the nano voice: a small checkpoint of the VoxCPM architecture.

See README.md for the recipe and DATA.md for where the material comes from.
"""
