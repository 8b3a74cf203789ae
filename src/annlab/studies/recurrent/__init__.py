"""Studies of networks with feedback: Hopfield memories and forecasts of series."""
