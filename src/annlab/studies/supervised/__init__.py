"""Studies of networks that learn from targets: one neuron, backpropagation, optimisers, noise, regularisation."""
