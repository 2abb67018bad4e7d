"""The model that is asked: the very one that is trained, in inference, left exactly as it was."""
