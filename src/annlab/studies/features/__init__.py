"""Studies of deep feature learning."""
