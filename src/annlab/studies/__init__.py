"""The studies: one experiment a file, in folders by the part of the course. ``annlab list`` names them; none is imported before it runs."""
