from __future__ import annotations

import pytest

from embodied.errors import UsageError
from embodied.models.endpoint import EndpointSettings


@pytest.mark.parametrize(
    ("environment", "match"),
    [
        ({"OPENAI_BASE_URL": "localhost:8000"}, "OPENAI_BASE_URL must be an address"),
        ({"OPENAI_BASE_URL": "http://a:b/"}, "OPENAI_BASE_URL must be an address"),
        ({"OPENAI_TIMEOUT_S": "-1"}, "OPENAI_TIMEOUT_S must be a number"),
        ({"OPENAI_TIMEOUT_S": "0"}, "OPENAI_TIMEOUT_S must be more than 0"),
        ({"OPENAI_TIMEOUT_S": "nan"}, "OPENAI_TIMEOUT_S must be a number"),
        ({"OPENAI_REPLY_USD_PER_MILLION": "cheap"}, "OPENAI_REPLY_USD_PER_MILLION must be a number"),
    ],
)
def test_an_unusable_environment_is_an_error_of_usage(environment, match):
    with pytest.raises(UsageError, match=match):
        EndpointSettings.from_environment(environment)
