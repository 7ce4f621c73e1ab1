from __future__ import annotations

import pytest


@pytest.fixture
def one_thread():
    """PyTorch on one thread: sums are added in the same order, and tests beside this one have a core, too."""
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
