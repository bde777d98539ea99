"""What Baton is measured by: a generator of data at full size, and the measurements themselves.

It stands beside the house: it may import every floor, and no floor imports it.
"""
