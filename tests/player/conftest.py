"""What the player is shown: the logs of two trainings."""

import pytest
from helpers import watched


@pytest.fixture(scope="session")
def log_dir(tmp_path_factory):
    """Not to be written to."""
    directory = tmp_path_factory.mktemp("logs")
    watched.train(directory)
    return directory
