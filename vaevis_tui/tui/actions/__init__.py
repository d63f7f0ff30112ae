"""What keys and menus do on the explorer's screen: a file a subject, each with a class of its own.

A class inherits from those that it uses; none overrides another's methods.
"""
