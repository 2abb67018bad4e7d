"""How the model's answers are read: as which probabilities, by which scores, for which targets."""
