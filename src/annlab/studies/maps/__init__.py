"""Studies of maps: self-organising ones and principal components."""
