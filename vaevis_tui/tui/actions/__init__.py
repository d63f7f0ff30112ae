"""What keys and menus do on the explorer's screen: a file a subject, which the screen inherits from."""
