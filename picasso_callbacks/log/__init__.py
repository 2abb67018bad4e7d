"""What is written: cards, scalars and texts in TensorBoard's event files, on one thread beside the training."""
