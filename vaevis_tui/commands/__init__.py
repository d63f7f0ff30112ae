"""The commands, a module each: `add_arguments` says what it takes, `run` calls the packages below.

A module is imported when its command is called; `registry` knows all of them by name.
"""
