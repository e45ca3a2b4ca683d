"""An independent checker: reckons a group's state from its raw sequence alone, and holds what nodes tell to it."""
